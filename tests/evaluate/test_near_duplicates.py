"""Close pairs: equal to a slow search whatever the blocks are, and sorted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.near_duplicates import Pairs, close_hashes, close_vectors, strongest


def listed(pairs):
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.values.tolist(), strict=True))


def test_bits_by_hand():
    first = np.array([[0b1011, 0], [0, 0]], np.uint64)
    second = np.array([[0b0011, 0], [0, 0b111]], np.uint64)
    # 1011 and 0011 differ in one bit; 1011 | 0 and 0 | 111 in six; 0 and 0011 in two; 0 and 111 in three.
    assert listed(close_hashes(first, second, 2)) == [(0, 0, 1.0), (1, 0, 2.0)]
    assert len(close_hashes(first, second, 6).first) == 4


def test_every_bit_may_differ():
    nothing, everything = np.zeros((1, 4), np.uint64), np.full((1, 4), 2**64 - 1, np.uint64)
    assert listed(close_hashes(nothing, everything, 255)) == []
    assert listed(close_hashes(nothing, everything, 256)) == [(0, 0, 256.0)]


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(0, 40), st.integers(0, 12))
def test_close_hashes_equal_a_slow_search(seed, num_first, num_second, max_bits):
    rng = np.random.default_rng(seed)
    # Few bits are in use, so that many pairs are close.
    first = rng.integers(0, 2**9, (num_first, 2)).astype(np.uint64)
    second = rng.integers(0, 2**9, (num_second, 2)).astype(np.uint64)
    expected = [
        (row, column, float(apart))
        for row, own in enumerate(first.tolist())
        for column, other in enumerate(second.tolist())
        if (apart := sum((x ^ y).bit_count() for x, y in zip(own, other, strict=True))) <= max_bits
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evaluate.near_duplicates._HASH_BLOCK", (3, 7))
        assert listed(close_hashes(first, second, max_bits)) == expected


@given(st.integers(0, 2**32 - 1), st.integers(0, 20), st.integers(0, 20))
def test_close_vectors_equal_a_slow_search(seed, num_first, num_second):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((num_first + num_second, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first, second = vectors[:num_first], vectors[num_first:]
    cosines = first @ second.T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evaluate.near_duplicates._SCORE_BLOCK", (3, 7))
        found = close_vectors(first, second, 0.5)
    # A cosine that rounding may take to either side is in neither list.
    close = {(row, column) for row, column in np.argwhere(cosines >= 0.5 + 1e-6).tolist()}
    maybe = {(row, column) for row, column in np.argwhere(cosines >= 0.5 - 1e-6).tolist()}
    pairs = [(row, column) for row, column, _ in listed(found)]
    assert close <= set(pairs) <= maybe
    assert pairs == sorted(pairs)
    assert found.values == pytest.approx(cosines[found.first, found.second], abs=1e-6)


def test_a_vector_of_nothing_is_close_to_nothing():
    vectors = np.array([[0.0, 0.0], [1.0, 0.0], [np.nan, 0.0]], np.float32)
    assert listed(close_vectors(vectors, vectors, 0.1)) == [(1, 1, 1.0)]


def test_the_strongest_of_each_are_kept_in_order():
    pairs = Pairs(np.array([0, 0, 0, 2, 2]), np.array([1, 4, 5, 0, 3]), np.array([0.5, 0.9, 0.9, 0.1, 0.2]))
    assert listed(strongest(pairs, 2)) == [(0, 4, 0.9), (0, 5, 0.9), (2, 0, 0.1), (2, 3, 0.2)]
    # 0.9 is there twice; the smaller second place comes first.
    assert listed(strongest(pairs, 1)) == [(0, 4, 0.9), (2, 3, 0.2)]


@pytest.mark.parametrize("find", [close_hashes, close_vectors])
def test_sets_of_different_width_are_refused(find):
    with pytest.raises(ValueError, match="one W"):
        find(np.zeros((1, 4), np.uint64), np.zeros((1, 3), np.uint64), 1)
