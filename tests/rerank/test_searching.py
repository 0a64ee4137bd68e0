"""The second search against a plain sort, and the ranking that is made of it."""

import numpy as np
import pytest

from rerank.fusion import Fusion
from rerank.ranking import PAD, Ranking
from rerank.searching import best, projected, ranked
from rerank.space import build

NAN = np.nan


def made_of(rows, vectors):
    return build(np.array(rows), np.array(vectors, np.float32))


@pytest.mark.parametrize("k", [0, 1, 4, 30, 99])
def test_best_equals_a_plain_sort(k):
    rng = np.random.default_rng(k)
    # Small whole numbers: many products are equal, and exact.
    vectors = rng.integers(-2, 3, (30, 3)).astype(np.float32)
    queries = rng.integers(-2, 3, (5, 3)).astype(np.float32)
    rows = np.sort(rng.choice(99, 30, replace=False))
    found, scores = best(made_of(rows, vectors), vectors, queries, k)
    products = queries @ vectors.T
    order = np.argsort(-products, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(found, rows[order])
    np.testing.assert_array_equal(scores, np.take_along_axis(products, order, axis=1))


@pytest.mark.parametrize(("photos", "queries"), [(0, 2), (3, 0), (0, 0)])
def test_best_of_nothing_or_for_nobody_is_empty(photos, queries):
    vectors = np.ones((photos, 4), np.float32)
    space = made_of(np.arange(photos), vectors)
    rows, scores = best(space, vectors, np.ones((queries, 4), np.float32), 5)
    assert rows.shape == scores.shape == (queries, photos)


def test_a_query_is_projected_by_itself(queries_of):
    vectors = np.random.default_rng(0).standard_normal((7, 33)).astype(np.float32)
    space = made_of(np.arange(7), vectors)
    together = projected(space, queries_of(vectors=vectors))
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    for query in range(7):
        alone = projected(space, queries_of(vectors=vectors[query : query + 1]))
        assert alone.tobytes() == together[query].tobytes()
    assert projected(space, queries_of(vectors=vectors[:0])).shape == (0, 33)


# One query (1, 0); photographs at global scores .1, .9, .5, .9 and .3.
PHOTOS = np.float32([[0.1, 0], [0.9, 0], [0.5, 0], [0.9, 0], [0.3, 0]])


@pytest.fixture
def made(array_database, queries_of):
    """Give the ranking of rows with new scores."""

    def call(before, rows, scores, v=0.0):
        queries = queries_of(vectors=np.tile(np.float32([[1, 0]]), (len(rows), 1)))
        database = array_database({}, vectors=PHOTOS)
        return ranked(before, np.array(rows), np.array(scores, np.float32), queries, database, Fusion(v))

    return call


def test_new_scores_rank_and_global_ones_stand_beside(made, ranking_of):
    reranked = made(ranking_of([1, 3, 2]), [[4, 0, 1]], [[0.2, 0.7, 0.4]])
    assert reranked.rows.tolist() == [[0, 1, 4]]
    np.testing.assert_allclose(reranked.scores, [[0.7, 0.4, 0.2]])
    np.testing.assert_allclose(reranked.columns["global"], [[0.1, 0.9, 0.3]])
    np.testing.assert_allclose(reranked.columns["local"], [[0.7, 0.4, 0.2]])


def test_fusion_is_with_the_global_score(made, ranking_of):
    # .5 * (.3, .1, .9) + .5 * (.2, .7, .4) = (.25, .4, .65)
    reranked = made(ranking_of([1, 3, 2]), [[4, 0, 1]], [[0.2, 0.7, 0.4]], v=0.5)
    assert reranked.rows.tolist() == [[1, 0, 4]]
    np.testing.assert_allclose(reranked.scores, [[0.65, 0.4, 0.25]])


@pytest.mark.parametrize("v", [0.0, 0.5, 1.0])
def test_equal_scores_are_in_the_order_of_rows(made, ranking_of, v):
    assert made(ranking_of([1, 3]), [[3, 1]], [[0.7, 0.7]], v=v).rows.tolist() == [[1, 3]]


def test_scores_of_earlier_steps_stay_with_their_rows(made, ranking_of):
    before = ranking_of([2, 3, 1]).with_columns({"inliers": np.float32([[20, 30, 10]])})
    reranked = made(before, [[1, 4, 2]], [[0.3, 0.2, 0.1]])
    assert reranked.rows.tolist() == [[1, 4, 2]]
    np.testing.assert_array_equal(reranked.columns["inliers"], np.float32([[10, NAN, 20]]))


def test_padding_has_no_scores_of_an_earlier_step(made, ranking_of):
    before = ranking_of([2, 3], [4]).with_columns({"inliers": np.float32([[20, 30], [40, NAN]])})
    reranked = made(before, [[1, PAD], [PAD, PAD]], [[0.3, 0], [0, 0]])
    assert reranked.rows.tolist() == [[1, PAD], [PAD, PAD]]
    assert np.isnan(reranked.columns["inliers"]).all()
    np.testing.assert_array_equal(np.isnan(reranked.columns["global"]), reranked.rows == PAD)


def test_a_query_gets_no_more_than_it_had(made, ranking_of):
    reranked = made(ranking_of([2, 3], [4], []), [[0, 1]] * 3, [[0.7, 0.3]] * 3)
    assert reranked.rows.tolist() == [[0, 1], [0, PAD], [PAD, PAD]]


def test_ranking_without_places_or_queries_is_empty(made):
    for shape in ((2, 0), (0, 3)):
        before = Ranking(np.zeros(shape, np.int64), np.zeros(shape, np.float32))
        assert made(before, np.zeros(shape, np.int64), np.zeros(shape)).rows.shape == shape
