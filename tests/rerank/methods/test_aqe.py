"""Query expansion against a plain loop of the paper's formula, by hand, and with verified hits alone."""

import numpy as np
import pytest

from extract.errors import ConfigError
from rerank.methods import aqe
from rerank.methods.aqe import Config

# Vectors are kept in half precision.
ATOL = 2e-3


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def slow(query, vectors, hits, config):
    """Sum the query and its hits, each times its cosine ** alpha, and take cosines with the sum."""
    query, vectors = query.astype(np.float64), vectors.astype(np.float64)
    total = query.copy()
    for hit in hits[: config.k]:
        total += max(0.0, query @ vectors[hit]) ** config.alpha * vectors[hit]
    return vectors @ (total / np.linalg.norm(total))


@pytest.fixture
def rerank(array_database, queries_of, ranking_of):
    def call(query, vectors, config, order, inliers=None):
        before = ranking_of(list(order))
        if inliers is not None:
            before = before.with_columns({"inliers": np.float32([inliers])})
        queries = queries_of(vectors=np.atleast_2d(query))
        return aqe.build(config).rerank(before, queries, array_database({}, vectors=vectors))

    return call


@pytest.mark.parametrize(
    "config", [Config(), Config(k=1, alpha=1.0), Config(k=3, alpha=0.5), Config(k=10_000), Config(alpha=0.0)]
)
@pytest.mark.parametrize("count", [1, 6, 50])
def test_equals_a_plain_loop(rerank, config, count):
    vectors = np.random.default_rng(count).standard_normal((count + 1, 6)) + 0.7
    query, *photos = unit(vectors).astype(np.float32)
    order = np.random.default_rng(0).permutation(count)
    reranked = rerank(query, np.array(photos), config, order)
    expected = slow(query, np.array(photos), order, config)
    assert reranked.used.all()
    np.testing.assert_allclose(reranked.columns["local"][0], expected[reranked.rows[0]], atol=ATOL)
    np.testing.assert_array_equal(reranked.scores, reranked.columns["local"])


# The query is (1, 0). With the first hit (.8, .6) at alpha 1 it becomes (1, 0) + .8 (.8, .6) = (1.64, .48),
# of length 1.7088: cosines of (1.312 + .288) / 1.7088 = .9363, .48 / 1.7088 = .2809 and, with (.8, -.6),
# (1.312 - .288) / 1.7088 = .5992.
QUERY = np.float32([1, 0])
PHOTOS = np.float32([[0.8, 0.6], [0, 1], [0.8, -0.6]])


def test_by_hand(rerank):
    reranked = rerank(QUERY, PHOTOS, Config(k=1, alpha=1.0), [0, 1, 2])
    assert reranked.rows.tolist() == [[0, 2, 1]]
    np.testing.assert_allclose(reranked.columns["local"], [[0.9363, 0.5992, 0.2809]], atol=ATOL)


def test_hits_are_those_of_the_ranking_it_is_given(rerank):
    # mirrored: the first hit is (.8, -.6)
    reranked = rerank(QUERY, PHOTOS, Config(k=1, alpha=1.0), [2, 1, 0])
    assert reranked.rows.tolist() == [[2, 0, 1]]
    np.testing.assert_allclose(reranked.columns["local"], [[0.9363, 0.5992, -0.2809]], atol=ATOL)


def test_hits_beyond_a_right_angle_do_not_count(rerank):
    reranked = rerank(QUERY, -PHOTOS, Config(alpha=2.0), [0, 1, 2])
    np.testing.assert_allclose(reranked.scores, [[0, -0.8, -0.8]], atol=ATOL)


def test_length_of_the_query_does_not_matter(rerank):
    long, short = (rerank(QUERY * scale, PHOTOS, Config(), [0, 1, 2]) for scale in (50, 0.02))
    np.testing.assert_array_equal(long.rows, short.rows)
    np.testing.assert_allclose(long.columns["local"], short.columns["local"], atol=1e-6)


def test_v_of_one_is_the_global_order(rerank):
    reranked = rerank(QUERY, PHOTOS, Config(k=1, alpha=1.0, v=1.0), [2, 1, 0])
    assert reranked.rows.tolist() == [[0, 2, 1]]
    np.testing.assert_allclose(reranked.scores, [[0.8, 0.8, 0]], atol=1e-6)


@pytest.mark.parametrize("unverified", [7, 0, np.nan])
def test_only_verified_hits_count(rerank, unverified):
    # the second of the ranking alone has 8 inliers, so that the query leans towards it
    reranked = rerank(
        QUERY, PHOTOS, Config(k=1, alpha=1.0, min_inliers=8), [2, 0, 1], [unverified, 8, unverified]
    )
    np.testing.assert_allclose(reranked.columns["local"], [[0.9363, 0.5992, 0.2809]], atol=ATOL)
    assert reranked.rows.tolist() == [[0, 2, 1]]


def test_without_a_verified_hit_the_query_stays_as_it_is(rerank):
    reranked = rerank(QUERY, PHOTOS, Config(min_inliers=8), [2, 0, 1], [7, np.nan, 0])
    np.testing.assert_allclose(reranked.scores, [[0.8, 0.8, 0]], atol=ATOL)


def test_verified_hits_need_a_step_that_counts_inliers(rerank):
    with pytest.raises(ConfigError, match="needs a step that counts inliers ahead of it"):
        rerank(QUERY, PHOTOS, Config(min_inliers=8), [0, 1])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"k": 0}, "aqe.k must be between 1 and 10000, got 0"),
        ({"alpha": float("nan")}, "aqe.alpha must be between 0 and 100, got nan"),
        ({"min_inliers": -1}, "aqe.min_inliers must be 0 or more, got -1"),
        ({"v": 1.1}, "v must be between 0 and 1"),
    ],
)
def test_setting_out_of_range_is_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**settings)
