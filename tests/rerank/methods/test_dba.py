"""Database-side augmentation against a plain loop, and by hand."""

import numpy as np
import pytest

from extract.errors import ConfigError
from rerank.methods import dba
from rerank.methods.dba import Config

# Vectors and averages are kept in half precision.
ATOL = 2e-3


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def slow(query, vectors, config):
    """Average each vector with those of its nearest as the papers say, and take the cosine with the query."""
    vectors = vectors.astype(np.float64)
    cosines = vectors @ vectors.T
    found = []
    for place, vector in enumerate(vectors):
        others = [other for other in np.argsort(-cosines[place], kind="stable") if other != place]
        total = config.own * vector
        for other in others[: config.k]:
            if cosines[place, other] > 0:
                total = total + cosines[place, other] ** config.alpha * vectors[other]
        found.append(total / np.linalg.norm(total) @ query)
    return np.array(found)


@pytest.fixture
def rerank(array_database, queries_of, ranking_of):
    def call(query, vectors, config, places=None):
        before = ranking_of(list(range(len(vectors) if places is None else places)))
        queries = queries_of(vectors=query[None])
        return dba.build(config).rerank(before, queries, array_database({}, vectors=vectors))

    return call


@pytest.mark.parametrize(
    "config",
    [Config(), Config(k=1, alpha=1.0), Config(k=30, alpha=0.0), Config(k=5, own=3.0), Config(own=0.0)],
)
@pytest.mark.parametrize("count", [2, 12, 50])
def test_equals_a_plain_loop(rerank, config, count):
    vectors = unit(np.random.default_rng(count).standard_normal((count + 1, 6))).astype(np.float32)
    reranked = rerank(vectors[0], vectors[1:], config)
    expected = slow(vectors[0], vectors[1:], config)
    np.testing.assert_allclose(reranked.columns["local"][0], expected[reranked.rows[0]], atol=ATOL)
    np.testing.assert_array_equal(reranked.scores, reranked.columns["local"])


# The query lies at 0 degrees, photographs at 30, 40, 75 and -35. With one neighbour and alpha 0 each becomes
# the middle of itself and its nearest: 30 and 40 become 35, 75 (nearest to 40) becomes 57.5, -35 (nearest to
# 30, at 65 degrees) becomes -2.5 and overtakes.
ANGLES = np.deg2rad([30, 40, 75, -35])
PHOTOS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)
QUERY = np.float32([1, 0])


def test_by_hand(rerank):
    reranked = rerank(QUERY, PHOTOS, Config(k=1, alpha=0.0))
    assert reranked.rows[0, 0] == 3
    assert sorted(reranked.rows[0, 1:3]) == [0, 1]
    expected = np.cos(np.deg2rad([2.5, 35, 35, 57.5]))
    np.testing.assert_allclose(reranked.columns["local"][0], expected, atol=ATOL)


def test_found_are_the_best_of_all_photographs_not_of_the_ranking(rerank):
    reranked = rerank(QUERY, PHOTOS, Config(k=1, alpha=0.0), places=1)
    assert reranked.rows.tolist() == [[3]]
    np.testing.assert_allclose(reranked.columns["global"], [[np.cos(np.deg2rad(35))]], atol=1e-6)


def test_v_of_one_is_the_global_order(rerank):
    reranked = rerank(QUERY, PHOTOS, Config(k=1, alpha=0.0, v=1.0))
    assert reranked.rows.tolist() == [[0, 3, 1, 2]]
    np.testing.assert_allclose(reranked.scores, [np.cos(np.deg2rad([30, 35, 40, 75]))], atol=1e-6)


@pytest.mark.parametrize("name", ["global", "own"])
def test_vectors_of_any_length_are_cosines(rerank, name):
    vectors = np.random.default_rng(3).standard_normal((40, 6)).astype(np.float32)
    config = Config(space=name)
    first, second = (rerank(vectors[0] * scale, unit(vectors), config) for scale in (1, 1 / 70))
    if name == "global":
        np.testing.assert_array_equal(first.rows, second.rows)
        np.testing.assert_allclose(first.scores, second.scores, atol=1e-6)
    assert (np.abs(first.scores) <= 1 + ATOL).all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"k": 0}, "k must be between 1 and 30"),
        ({"own": -1.0}, "own must"),
        ({"v": 2.0}, "v must be between"),
    ],
)
def test_setting_out_of_range_is_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**settings)
