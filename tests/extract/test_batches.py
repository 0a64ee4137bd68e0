"""Batches of one shape, in an order that depends on nothing but the photographs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from extract.batches import Batcher


def picture(height, value):
    return np.full((height, 2, 3), value, np.uint8)


def batches(heights, size):
    batcher = Batcher(size)
    full = [batcher.add(place, picture(height, place)) for place, height in enumerate(heights)]
    return [batch for batch in full if batch] + list(batcher.rest())


@given(st.lists(st.sampled_from([4, 5, 6]), max_size=30), st.integers(1, 5))
def test_every_picture_is_in_one_batch_of_its_shape(heights, size):
    seen = []
    for places, pixels in batches(heights, size):
        assert 1 <= len(places) <= size
        for place, picture_of in zip(places, pixels, strict=True):
            np.testing.assert_array_equal(picture_of, picture(heights[place], place))
        seen += places
    assert sorted(seen) == list(range(len(heights)))


@given(st.lists(st.sampled_from([4, 5]), max_size=30), st.integers(1, 5))
def test_only_the_last_batch_of_a_shape_is_not_full(heights, size):
    counts = {height: [] for height in heights}
    for places, _ in batches(heights, size):
        counts[heights[places[0]]].append(len(places))
    for sizes in counts.values():
        assert all(count == size for count in sizes[:-1])


def test_a_batcher_is_empty_behind_the_rest():
    batcher = Batcher(2)
    batcher.add(0, picture(4, 0))
    assert [places for places, _ in batcher.rest()] == [[0]]
    assert list(batcher.rest()) == []
