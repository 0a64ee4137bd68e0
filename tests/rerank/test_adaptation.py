"""The collection's own whitening: against a plain re-computation, on odd collections, and at its use."""

import numpy as np
import pytest
import scipy.linalg

from rerank import adaptation
from rerank.adaptation import MIN_SHRINKAGE, NEIGHBOURS, fit


def unit(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def slow(vectors, dim):
    """Whiten mutual neighbours' differences step by step in double precision, and project."""
    count, width = vectors.shape
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    cosines = unit(centred) @ unit(centred).T
    np.fill_diagonal(cosines, -np.inf)
    near = np.argsort(-cosines, axis=1, kind="stable")[:, : min(NEIGHBOURS, count - 1)]
    pairs = [(i, j) for i in range(count) for j in near[i] if i < j and i in near[j]]
    covariance = sum(np.outer(centred[i] - centred[j], centred[i] - centred[j]) for i, j in pairs)
    covariance *= width / np.trace(covariance)
    shrinkage = max(MIN_SHRINKAGE, width / (width + len(pairs)))
    shrunk = (1 - shrinkage) * covariance + shrinkage * np.eye(width)
    whitened = centred @ scipy.linalg.fractional_matrix_power(shrunk, -0.5)
    left, sizes, _ = np.linalg.svd(whitened, full_matrices=False)
    return unit((left * sizes)[:, :dim])


@pytest.mark.parametrize("dim", [3, 8, 99])
@pytest.mark.parametrize("count", [12, 60])
def test_equals_a_plain_recomputation(count, dim):
    rng = np.random.default_rng(count)
    vectors = (rng.standard_normal((count, 8)) * np.arange(1, 9)).astype(np.float32)
    found = fit(vectors, dim=dim)
    assert found.projection.shape == (8, min(dim, 8))
    ours, expected = found.apply(vectors), slow(vectors, dim)
    # Axes may point either way, so that products are compared.
    np.testing.assert_allclose(ours @ ours.T, expected @ expected.T, atol=1e-4)


def test_projected_vectors_are_of_unit_length_and_the_mean_stays_zero():
    vectors = np.random.default_rng(0).standard_normal((30, 6)).astype(np.float32)
    found = fit(vectors)
    np.testing.assert_allclose(np.linalg.norm(found.apply(vectors), axis=1), 1, atol=1e-6)
    assert found.apply(found.mean[None]).tolist() == [[0] * 6]


def test_same_vectors_and_seed_give_the_same_bytes():
    vectors = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32)
    first, second = fit(vectors), fit(vectors.copy())
    assert first.mean.tobytes() == second.mean.tobytes()
    assert first.projection.tobytes() == second.projection.tobytes()


def test_a_large_collection_is_sampled_by_the_seed(monkeypatch):
    monkeypatch.setattr(adaptation, "_SAMPLE", 20)
    vectors = np.random.default_rng(0).standard_normal((90, 6)).astype(np.float32)
    assert np.array_equal(fit(vectors, seed=1).projection, fit(vectors, seed=1).projection)
    assert not np.allclose(fit(vectors, seed=1).projection, fit(vectors, seed=2).projection)


ODD = {
    "none": np.zeros((0, 5)),
    "one": np.array([[1, 2, 3, 4, 5]]),
    "two": np.eye(5)[:2],
    "identical": np.tile([[0.1, 0.2, 0.3, 0.4, 0.5]], (40, 1)),
    "zero": np.zeros((7, 5)),
    "two things": np.repeat(np.eye(5)[:2], 20, axis=0),
    "one number": np.arange(4.0)[:, None],
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("error")
def test_odd_collections_give_numbers_and_no_warning(name):
    vectors = ODD[name].astype(np.float32)
    found = fit(vectors)
    asked = np.random.default_rng(0).standard_normal((3, vectors.shape[1])).astype(np.float32)
    for values in (found.mean, found.projection, found.apply(vectors), found.apply(asked)):
        assert np.isfinite(values).all()
    np.testing.assert_allclose(np.linalg.norm(found.apply(asked), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["none", "one", "identical", "zero", "two things"])
def test_where_neighbours_do_not_differ_vectors_are_only_centred_and_turned(name):
    vectors = ODD[name].astype(np.float32)
    found = fit(vectors)
    asked = np.random.default_rng(0).standard_normal((6, 5)).astype(np.float32)
    turned = (asked - found.mean) @ found.projection
    # Turning keeps all products.
    np.testing.assert_allclose(turned @ turned.T, (asked - found.mean) @ (asked - found.mean).T, atol=1e-4)


def right_among_first(vectors, labels, count):
    """The share of the `count` nearest others that have the same label."""
    cosines = unit(vectors) @ unit(vectors).T
    np.fill_diagonal(cosines, -np.inf)
    return np.mean(labels[np.argsort(-cosines, axis=1)[:, :count]] == labels[:, None])


@pytest.mark.parametrize("seed", range(5))
def test_retrieval_gets_better_where_noise_has_directions_of_its_own(seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(25), 12)
    # 32 directions tell the things apart; in 4 others photographs of one thing differ three times as much.
    things = np.pad(rng.standard_normal((25, 32)), ((0, 0), (0, 4)))[labels]
    noise = rng.standard_normal((300, 36)) * np.r_[np.full(32, 0.6), np.full(4, 3.0)]
    vectors = (things + noise).astype(np.float32)
    before = right_among_first(vectors, labels, 11)
    assert right_among_first(fit(vectors).apply(vectors), labels, 11) > before + 0.2
