"""The exact index against brute force, for few queries (matrix-vector) and many (FAISS)."""

import numpy as np
import pytest

from rerank.ranking import PAD
from retrieval.indexes import flat


def brute_force(vectors, rows, queries, k, metric):
    scores = queries @ vectors.T
    if metric == "l2":
        scores = -((queries[:, None] - vectors[None]) ** 2).sum(axis=2)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return rows[order], np.take_along_axis(scores, order, axis=1)


@pytest.mark.parametrize("metric", ["ip", "l2"])
@pytest.mark.parametrize("num_queries", [1, 3, 40])
@pytest.mark.parametrize("k", [1, 7, 200])
def test_search_equals_brute_force(metric, num_queries, k):
    rng = np.random.default_rng(num_queries * 1000 + k)
    vectors = rng.standard_normal((300, 16), dtype=np.float32)
    rows = np.arange(300) * 3 + 5
    index = flat.build(flat.Config(metric=metric), 16)
    index.add(rows[:100], vectors[:100])
    index.add(rows[100:], vectors[100:])
    queries = rng.standard_normal((num_queries, 16), dtype=np.float32)
    ranking = index.search(queries, k)
    expected_rows, expected_scores = brute_force(vectors, rows, queries, k, metric)
    np.testing.assert_array_equal(ranking.rows, expected_rows)
    np.testing.assert_allclose(ranking.scores, expected_scores, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("num_queries", [1, 40])
def test_k_above_the_number_of_rows_pads(num_queries):
    index = flat.build(flat.Config(), 4)
    index.add(np.arange(3), np.eye(4, dtype=np.float32)[:3])
    ranking = index.search(np.ones((num_queries, 4), np.float32), 5)
    got = ranking.rows[:, :3]
    np.testing.assert_array_equal(got, np.tile([0, 1, 2], (num_queries, 1)))
    assert (ranking.rows[:, 3:] == PAD).all()


def test_empty_index_answers_with_padding():
    ranking = flat.build(flat.Config(), 4).search(np.ones((2, 4), np.float32), 3)
    assert (ranking.rows == PAD).all()


@pytest.mark.parametrize("num_queries", [1, 25])
def test_equal_vectors_are_ranked_by_row_even_across_the_cut(num_queries):
    index = flat.build(flat.Config(), 2)
    index.add(np.arange(50), np.tile(np.float32([[1, 0]]), (50, 1)))
    ranking = index.search(np.tile(np.float32([[1, 0]]), (num_queries, 1)), 10)
    np.testing.assert_array_equal(ranking.rows, np.tile(np.arange(10), (num_queries, 1)))


@pytest.mark.parametrize("rows", [[5, 5], [6, 5], [2, 9]])
def test_rows_must_rise(rows):
    index = flat.build(flat.Config(), 2)
    index.add(np.array([3]), np.zeros((1, 2), np.float32))
    with pytest.raises(ValueError, match="must rise"):
        index.add(np.array(rows), np.zeros((2, 2), np.float32))


@pytest.mark.parametrize("metric", ["ip", "l2"])
@pytest.mark.parametrize("num_queries", [1, 40])
def test_scores_are_those_of_the_search(metric, num_queries):
    rng = np.random.default_rng(num_queries)
    vectors = rng.standard_normal((60, 16), dtype=np.float32)
    index = flat.build(flat.Config(metric=metric), 16)
    index.add(np.arange(60) * 2 + 1, vectors)
    queries = rng.standard_normal((num_queries, 16), dtype=np.float32)
    ranking = index.search(queries, 75)  # with padding behind
    np.testing.assert_allclose(index.scores(queries, ranking.rows), ranking.scores, rtol=1e-4, atol=1e-4)


def test_equal_vectors_score_the_same_wherever_they_stand():
    rng = np.random.default_rng(0)
    index = flat.build(flat.Config(), 33)
    index.add(np.arange(23), np.tile(rng.standard_normal(33, dtype=np.float32), (23, 1)))
    scores = index.scores(rng.standard_normal((3, 33), dtype=np.float32), np.tile(np.arange(23), (3, 1)))
    np.testing.assert_array_equal(scores, np.repeat(scores[:, :1], 23, axis=1))


def test_vectors_are_given_in_the_order_asked_for():
    vectors = np.random.default_rng(0).standard_normal((9, 4), dtype=np.float32)
    index = flat.build(flat.Config(), 4)
    index.add(np.arange(4) * 5, vectors[:4])
    index.add(np.arange(4, 9) * 5, vectors[4:])
    assert index.rows.tolist() == list(range(0, 45, 5))
    np.testing.assert_array_equal(index.vectors(np.array([40, 0, 40, 15])), vectors[[8, 0, 8, 3]])


def test_row_that_is_not_held_has_a_zero_vector():
    index = flat.build(flat.Config(), 2)
    index.add(np.array([3, 5]), np.ones((2, 2), np.float32))
    assert index.vectors(np.array([0, 3, 4, 9])).tolist() == [[0, 0], [1, 1], [0, 0], [0, 0]]
    assert index.scores(np.ones((1, 2), np.float32), np.array([[5, 9, PAD]])).tolist() == [[2, 0, -np.inf]]


def test_empty_index_has_no_vectors_and_scores_padding():
    index = flat.build(flat.Config(), 4)
    assert index.vectors(np.zeros(0, np.int64)).shape == (0, 4)
    assert index.vectors(index.rows).shape == (0, 4)
    scores = index.scores(np.ones((2, 4), np.float32), np.full((2, 3), PAD))
    assert scores.tolist() == [[-np.inf] * 3] * 2
