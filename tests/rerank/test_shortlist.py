"""Shortlists come query by query; padding is not read, and a query without candidates is passed over."""

import numpy as np

from rerank.shortlist import each


def test_each_query_comes_with_its_candidates_in_order(ranking_of, queries_of, array_database, made_up):
    database = array_database([made_up(10 + row, row) for row in range(5)])
    queries = queries_of([made_up(count, 9) for count in (3, 4, 5)])
    found = list(each("sift", ranking_of([4, 0], [], [2]), queries, database))
    assert [one.query for one in found] == [0, 2]
    assert [one.used.tolist() for one in found] == [[True, True], [True, False]]
    assert [len(one.features) for one in found] == [3, 5]
    assert [np.diff(one.candidates.offsets).tolist() for one in found] == [[14, 10], [12]]
