"""The neighbourhood is database-side augmentation with what did best, in the collection's own space."""

import numpy as np
import pytest

from extract.errors import ConfigError
from rerank.methods import dba, neighbourhood
from rerank.methods.neighbourhood import Config
from rerank.space import DEFAULT


@pytest.fixture(scope="module")
def places():
    """Vectors of 12 places in 12 views; in three directions views of one place differ most."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(12), 12)
    things = np.pad(rng.standard_normal((12, 24)), ((0, 0), (0, 3)))[labels]
    noise = rng.standard_normal((144, 27)) * np.r_[np.full(24, 0.6), np.full(3, 3.0)]
    vectors = things + noise
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.fixture
def rerank(places, array_database, queries_of, ranking_of):
    """Ask with every twelfth view among all the others, by rows of the first ranking."""

    def call(method):
        vectors, _ = places
        asked = np.arange(len(vectors)) % 12 == 0
        database = array_database({}, vectors=vectors[~asked])
        scores = vectors[asked] @ vectors[~asked].T
        before = ranking_of(*np.argsort(-scores, axis=1, kind="stable")[:, :20].tolist())
        return before, method.rerank(before, queries_of(vectors=vectors[asked]), database)

    return call


def test_equals_augmentation_with_the_same_settings(rerank):
    _, ours = rerank(neighbourhood.build(Config(v=0.3)))
    same = dba.Config("own", DEFAULT.k, DEFAULT.alpha, DEFAULT.background, DEFAULT.own, v=0.3)
    _, theirs = rerank(dba.build(same))
    np.testing.assert_array_equal(ours.rows, theirs.rows)
    np.testing.assert_array_equal(ours.scores, theirs.scores)


def test_finds_more_of_a_place_than_the_first_search(rerank, places):
    labels = places[1][np.arange(len(places[1])) % 12 != 0]
    before, after = (
        np.mean(labels[ranking.rows[:, :11]] == np.arange(12)[:, None])
        for ranking in rerank(neighbourhood.build(Config()))
    )
    assert after > before + 0.2


def test_v_out_of_range_is_refused():
    with pytest.raises(ConfigError, match="v must be between 0 and 1"):
        Config(v=-0.1)
