"""Groups of queries: each query in one of them, in an order that people expect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.strata import relevance_strata, strata


def places(groups):
    return {name: np.flatnonzero(mask).tolist() for name, mask in groups.items()}


def test_queries_are_grouped_by_their_text():
    assert places(strata(["night", "day", "night"])) == {"day": [1], "night": [0, 2]}


def test_numbers_come_first_and_in_their_order():
    column = ["b", "10", "9.5", "-2", "1e1", "nan", "", "a"]
    assert list(strata(column)) == ["-2", "9.5", "10", "1e1", "", "a", "b", "nan"]


@given(st.lists(st.sampled_from(["1", "2", "10", "x", "y", ""]), max_size=20))
def test_every_query_is_in_the_group_of_its_value_alone(column):
    groups = strata(column)
    assert len(groups) == len(set(column))
    for value, mask in groups.items():
        assert mask.tolist() == [other == value for other in column]


def test_each_query_may_be_a_group_of_its_own():
    # As masks they would take 10 GB.
    groups = strata([str(number) for number in range(100_000)])
    assert len(groups) == 100_000
    assert np.flatnonzero(groups["77777"]).tolist() == [77777]


def test_an_unknown_value_has_no_queries():
    with pytest.raises(KeyError):
        strata(["a"])["b"]


def test_relevant_images_are_counted_in_bins_that_double():
    counts = np.array([1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 5000, 0])
    assert places(relevance_strata(counts)) == {
        "0": [11],
        "1": [0],
        "2-3": [1, 2],
        "4-7": [3, 4],
        "8-15": [5, 6],
        "16-31": [7, 8],
        "32+": [9, 10],
    }


def test_empty_bins_are_left_out():
    assert places(relevance_strata(np.array([40, 2]))) == {"2-3": [1], "32+": [0]}
