"""Perceptual hashes of real photographs: what they forgive, tell apart, and pass over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.perceptual_hash import NUM_BITS, PictureHashes

CLOSE = 64


@pytest.fixture(scope="module")
def thumbnails():
    """Twelve real photographs as grey thumbnails (12, 32, 32) of values 0 to 255."""
    from skimage import color, data, transform

    pictures = []
    for name in ("astronaut", "coffee", "chelsea", "rocket"):
        grey = color.rgb2gray(getattr(data, name)())
        height, width = grey.shape
        for left in (0, width // 4, width // 2):
            part = grey[: height // 2, left : left + width // 2]
            pictures.append(transform.resize(part, (32, 32), anti_aliasing=True))
    return 255 * np.stack(pictures)


@pytest.fixture(scope="module")
def hashes(thumbnails):
    return PictureHashes.of(thumbnails)


def bits(first, second):
    return np.bitwise_count(first ^ second).sum(axis=-1)


def test_different_photographs_differ_in_many_bits(hashes):
    for words in (hashes.words, hashes.mirrored):
        apart = bits(hashes.words[:, None], words[None])
        apart[np.diag_indices(12)] = NUM_BITS
        assert apart.min() > CLOSE


@pytest.mark.parametrize(
    "edit",
    [
        lambda pictures: 0.6 * pictures + 40,
        lambda pictures: pictures.round().clip(8, 248),
        lambda pictures: 255 * (pictures / 255) ** 1.5,
        lambda pictures: pictures + np.random.default_rng(0).normal(0, 2, pictures.shape),
    ],
    ids=["less contrast", "clipped", "gamma", "noise"],
)
def test_tones_and_noise_change_few_bits(edit, thumbnails, hashes):
    edited = PictureHashes.of(edit(thumbnails))
    # Most of all where the sky is black: there noise is all the detail that there is.
    assert bits(edited.words, hashes.words).max() <= CLOSE


def test_brightness_alone_changes_nothing(thumbnails, hashes):
    brighter = PictureHashes.of(thumbnails + 16.0)
    assert bits(brighter.words, hashes.words).max() <= 2


def test_mirrored_words_are_those_of_the_mirrored_picture(thumbnails, hashes):
    flipped = PictureHashes.of(thumbnails[:, :, ::-1])
    # Rounding may turn the bit of a coefficient that equals the median.
    assert bits(flipped.words, hashes.mirrored).max() <= 2
    assert bits(flipped.mirrored, hashes.words).max() <= 2
    assert bits(flipped.words, hashes.words).min() > CLOSE


def test_transform_equals_scipys(thumbnails, hashes):
    from scipy.fft import dctn

    lowest = dctn(thumbnails, axes=(1, 2), norm="ortho")[:, :16, :16].reshape(12, -1)
    above = lowest > np.median(lowest[:, 1:], axis=1, keepdims=True)
    words = np.packbits(above, axis=1).view(np.uint64)
    assert bits(words, hashes.words).max() <= 2


def test_flat_pictures_have_no_hash(thumbnails):
    noise = np.random.default_rng(0).normal(128, 1, (32, 32))
    some = PictureHashes.of(np.stack([thumbnails[0], np.full((32, 32), 7.0), noise, thumbnails[1]]))
    assert some.usable.tolist() == [True, False, False, True]
    assert not some.words[1:3].any()
    assert not some.mirrored[1:3].any()


def test_bytes_and_floats_give_one_hash(thumbnails):
    as_bytes = thumbnails.round().astype(np.uint8)
    assert np.array_equal(
        PictureHashes.of(as_bytes).words, PictureHashes.of(as_bytes.astype(np.float32)).words
    )


def test_a_hash_does_not_depend_on_what_stands_beside_it(thumbnails, hashes, monkeypatch):
    monkeypatch.setattr("evaluate.perceptual_hash._CHUNK", 5)
    assert np.array_equal(PictureHashes.of(thumbnails).words, hashes.words)
    assert np.array_equal(PictureHashes.of(thumbnails[7:8]).words, hashes.words[7:8])


@given(st.integers(0, 2**32 - 1), st.integers(16, 40))
def test_half_of_the_bits_are_set_for_any_size(seed, side):
    pictures = np.random.default_rng(seed).uniform(0, 255, (3, side, side))
    counted = np.bitwise_count(PictureHashes.of(pictures).words).sum(axis=1)
    # Above the median of 255 frequencies are 127, and perhaps the mean brightness.
    assert set(counted.tolist()) <= {127, 128}


def test_no_picture_at_all():
    assert PictureHashes.of(np.zeros((0, 32, 32))).words.shape == (0, 4)


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        (np.zeros((2, 32, 31)), r"must be \(N, S, S\)"),
        (np.zeros((2, 8, 8)), r"must be \(N, S, S\)"),
        (np.zeros((32, 32)), r"must be \(N, S, S\)"),
        (np.full((1, 32, 32), np.nan), "finite"),
    ],
)
def test_what_is_no_thumbnail_is_refused(pictures, said):
    with pytest.raises(ValueError, match=said):
        PictureHashes.of(pictures)


def test_parts_of_different_length_are_refused():
    with pytest.raises(ValueError, match="hashes must be"):
        PictureHashes(np.zeros((2, 4), np.uint64), np.zeros((1, 4), np.uint64), np.ones(2, np.bool_))
