"""Exact neighbours against a plain sort and scikit-learn, and mutual pairs by hand."""

import numpy as np
import pytest

from rerank import neighbours
from rerank.neighbours import mutual_pairs, nearest
from rerank.ranking import PAD


def slow(vectors, asked, k):
    """Sort all others by product, then by place."""
    places, closeness = np.full((len(asked), k), PAD), np.zeros((len(asked), k))
    for line, place in enumerate(asked):
        products = vectors @ vectors[place]
        others = [other for other in range(len(vectors)) if other != place]
        best = sorted(others, key=lambda other: (-products[other], other))[:k]
        places[line, : len(best)], closeness[line, : len(best)] = best, products[best]
    return places, closeness


@pytest.fixture(params=[1, 40, 1 << 26])
def products_at_once(request, monkeypatch):
    """Blocks of one row, of some, and of all."""
    monkeypatch.setattr(neighbours, "_PRODUCTS_AT_ONCE", request.param)


@pytest.mark.usefixtures("products_at_once")
@pytest.mark.parametrize("k", [1, 5, 19, 20, 50])
@pytest.mark.parametrize("seed", range(3))
def test_nearest_equals_a_plain_sort_whatever_the_block(k, seed):
    rng = np.random.default_rng(seed)
    # Small whole numbers: products are exact, many are equal, and some vectors are the same.
    vectors = rng.integers(-2, 3, (20, 3)).astype(np.float32)
    asked = np.sort(rng.permutation(20)[:7])
    places, closeness = nearest(vectors, asked, k)
    expected = slow(vectors, asked, k)
    np.testing.assert_array_equal(places, expected[0])
    np.testing.assert_array_equal(closeness, expected[1])
    assert (places.dtype, closeness.dtype) == (np.int32, np.float32)


def test_nearest_equals_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    vectors = np.random.default_rng(0).standard_normal((200, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances, expected = NearestNeighbors(n_neighbors=8).fit(vectors).kneighbors()
    places, closeness = nearest(vectors, np.arange(200), 8)
    np.testing.assert_array_equal(places, expected)
    # |a - b|^2 = 2 - 2 cos for unit vectors
    np.testing.assert_allclose(closeness, 1 - distances**2 / 2, atol=1e-5)


def test_duplicates_are_each_others_nearest_in_the_order_of_places():
    vectors = np.float32([[1, 0]] * 4 + [[0, 1]])
    places, closeness = nearest(vectors, np.arange(5), 2)
    assert places.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]
    assert closeness.tolist() == [[1, 1]] * 4 + [[0, 0]]


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_has_no_neighbours(count):
    places, closeness = nearest(np.ones((count, 4), np.float32), np.arange(count), 3)
    assert places.tolist() == [[PAD] * 3] * count
    assert closeness.tolist() == [[0] * 3] * count
    assert mutual_pairs(np.ones((count, 4), np.float32), np.arange(count), 3).shape == (0, 2)


def test_nothing_asked_gives_nothing():
    places, closeness = nearest(np.eye(3, dtype=np.float32), np.zeros(0, np.int64), 2)
    assert places.shape == closeness.shape == (0, 2)


# Angles of 0, 10, 25 and 70 degrees. One nearest: 0 -> 1, 1 -> 0, 2 -> 1, 3 -> 2, so that 0 and 1 alone are
# mutual. Two nearest: 0 -> 1 2, 1 -> 0 2, 2 -> 1 0, 3 -> 2 1, so that the first three are.
FAN = np.deg2rad([0, 10, 25, 70])
FAN_VECTORS = np.stack([np.cos(FAN), np.sin(FAN)], axis=1).astype(np.float32)


@pytest.mark.parametrize(("k", "pairs"), [(1, [[0, 1]]), (2, [[0, 1], [0, 2], [1, 2]])])
def test_mutual_pairs_by_hand(k, pairs):
    assert mutual_pairs(FAN_VECTORS, np.arange(4), k).tolist() == pairs


def test_mutual_pairs_of_a_sample_may_lead_outside_it():
    assert mutual_pairs(FAN_VECTORS, np.array([1]), 2).tolist() == [[0, 1], [1, 2]]
    assert mutual_pairs(FAN_VECTORS, np.array([3]), 2).tolist() == []


def test_with_k_above_the_collection_all_are_mutual():
    assert len(mutual_pairs(FAN_VECTORS, np.arange(4), 10)) == 6
