"""Rows that are left out are found neither in a ranking nor by the search of a re-ranker."""

import numpy as np

from rerank.matching.unit import unit
from rerank.ranking import PAD, Ranking
from rerank.space import DEFAULT, Expansion, build
from retrieval.tuning.left_out import LeftOut, without


def ranking_of(rows):
    table = np.array(rows, np.int64)
    scores = np.where(table == PAD, -np.inf, -np.arange(table.shape[1])).astype(np.float32)
    return Ranking(table, scores, {"global": scores})


def test_rows_are_taken_out_and_those_below_move_up():
    left = without(ranking_of([[3, 1, 2, 7], [9, 8, PAD, PAD]]), [np.array([3, 2]), np.array([8])])
    assert left.rows.tolist() == [[1, 7, PAD, PAD], [9, PAD, PAD, PAD]]
    assert left.scores.tolist() == [[-1, -3, -np.inf, -np.inf], [0, -np.inf, -np.inf, -np.inf]]
    assert np.isnan(left.columns["global"][0]).tolist() == [False, False, True, True]


def test_padding_named_to_be_left_out_changes_nothing():
    ranking = ranking_of([[3, 1, PAD]])
    assert without(ranking, [np.array([PAD])]).rows.tolist() == [[3, 1, PAD]]
    assert without(ranking, [np.zeros(0, np.int64)]).rows.tolist() == [[3, 1, PAD]]


class Whole:
    """A database of six photographs with a space."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.all = unit(np.abs(rng.standard_normal((6, 4))).astype(np.float32))
        self.whole = build(np.arange(10, 16), self.all)

    def vectors(self, rows):
        return self.all[rows - 10]

    def space(self, name):
        return self.whole


def test_rows_left_out_are_nobodys_neighbours_as_if_never_indexed():
    database = Whole()
    left = LeftOut(database, np.array([11, 14])).space("global")
    kept = np.array([0, 2, 3, 5])
    expected = build(kept + 10, database.all[kept])
    assert left.rows.tolist() == [10, 12, 13, 15]
    np.testing.assert_array_equal(left.neighbours, expected.neighbours)
    np.testing.assert_allclose(left.closeness, expected.closeness, atol=1e-3)
    for expansion in (Expansion(k=2), DEFAULT):
        np.testing.assert_allclose(left.expanded(expansion), expected.expanded(expansion), atol=2e-3)


def test_nothing_left_out_or_nothing_left_leaves_the_space_whole():
    database = Whole()
    for rows in (np.zeros(0, np.int64), np.array([99]), np.arange(10, 16)):
        assert LeftOut(database, rows).space("own") is database.whole
