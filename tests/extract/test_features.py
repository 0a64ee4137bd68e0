"""Features of one photograph, and of many packed behind each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.features import Features, pack


def features(count, seed=0, width=3):
    rng = np.random.default_rng(seed)
    return Features(
        rng.random((count, 4), np.float32),
        rng.integers(0, 256, (count, width), np.uint8),
        rng.random(count, np.float32),
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_packed_features_come_apart_as_they_were(counts):
    originals = [features(count, seed) for seed, count in enumerate(counts)]
    packed = pack(originals)
    assert len(packed) == len(counts)
    assert packed.offsets.tolist() == [sum(counts[:place]) for place in range(len(counts) + 1)]
    for place, original in enumerate(originals):
        for name, values in vars(original).items():
            np.testing.assert_array_equal(getattr(packed[place], name), values, strict=True)


def test_packing_copies():
    original = features(2)
    packed = pack([original])
    original.points[:] = -1
    assert packed.points.min() >= 0


def test_nothing_cannot_be_packed():
    with pytest.raises(ValueError, match="at least one photograph"):
        pack([])


@pytest.mark.parametrize(
    ("points", "descriptors", "scores"),
    [((2, 3), (2, 8), (2,)), ((2, 4), (3, 8), (2,)), ((2, 4), (2,), (2,)), ((2, 4), (2, 8), (2, 1))],
)
def test_arrays_that_do_not_belong_together_are_refused(points, descriptors, scores):
    with pytest.raises(ValueError, match="point"):
        Features(np.zeros(points, np.float32), np.zeros(descriptors, np.uint8), np.zeros(scores, np.float32))
