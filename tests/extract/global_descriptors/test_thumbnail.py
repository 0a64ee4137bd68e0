import numpy as np
import pytest

from extract.errors import ConfigError
from extract.global_descriptors.thumbnail import Config, build


@pytest.mark.parametrize("side", [1, 2, 8, 64])
@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (1, 3000), (3000, 1)])
def test_every_photograph_becomes_a_vector(side, shape):
    one = build(Config(side_px=side))
    pixels = np.random.default_rng(0).integers(0, [250, 120, 60], (*shape, 3), np.uint8)
    prepared = one.prepare(pixels)
    assert prepared.shape == (side, side, 3)
    assert prepared.dtype == np.uint8
    vectors = one.extract(prepared[None])
    assert vectors.shape == (1, one.dim) == (1, 3 * side * side)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors), 1, rtol=1e-5)


def test_vector_by_hand():
    # 30, 60, 90 about their mean of 60: -30, 0, 30, of length one: -1, 0, 1 by the root of 2
    vectors = build(Config(side_px=1)).extract(np.array([[[[30, 60, 90]]]], np.uint8))
    np.testing.assert_allclose(vectors, [[-(0.5**0.5), 0, 0.5**0.5]], rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_picture_of_one_grey_is_the_zero_vector():
    one = build(Config())
    batch = np.stack([one.prepare(np.full((90, 120, 3), level, np.uint8)) for level in (0, 128, 255)])
    assert not one.extract(batch).any()


def test_brightness_and_contrast_do_not_matter(picture):
    one = build(Config())
    small = one.prepare(picture("china")).astype(np.int64)
    batch = np.stack([small // 2, small // 2 + 60, small // 4]).astype(np.uint8)
    vectors = one.extract(batch)
    assert vectors[0] @ vectors[1] > 0.999
    assert vectors[0] @ vectors[2] > 0.99


def test_each_picture_is_described_by_itself(picture):
    one = build(Config())
    batch = np.stack([one.prepare(picture(name)) for name in ("china", "flower", "coffee")])
    together = one.extract(batch)
    for place in range(3):
        np.testing.assert_array_equal(one.extract(batch[place : place + 1])[0], together[place])
    assert together[0] @ together[1] < 0.9


def test_photograph_is_near_to_a_smaller_copy(picture):
    one = build(Config())
    copies = np.stack([one.prepare(picture("china")), one.prepare(picture("china")[::2, ::2].copy())])
    vectors = one.extract(copies)
    assert vectors[0] @ vectors[1] > 0.99


@pytest.mark.parametrize("side", [0, 65])
def test_side_out_of_range_is_refused(side):
    with pytest.raises(ConfigError, match=f"side_px must be between 1 and 64, got {side}"):
        Config(side_px=side)
