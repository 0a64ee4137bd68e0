"""Perceptual hashes: bits that stay what they are when a picture is compressed, scaled or toned anew."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray

Words = npt.NDArray[np.uint64]

_FREQUENCIES = 16
NUM_BITS = _FREQUENCIES**2
# Grey levels of 0 to 255. Of 3,659 photographs the flattest, a hazy sky, has 8; below this, what is left
# of one is the noise of its compression.
_LEAST_CONTRAST = 2.0
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class PictureHashes:
    """Hashes of N pictures: `words` (N, 4) as they are, `mirrored` (N, 4) with left and right exchanged.

    `usable` (N,) is False for flat pictures, whose bits are noise or all alike; theirs are zero.

    Raises:
        ValueError: the three differ in length.
    """

    words: Words
    mirrored: Words
    usable: BoolArray

    def __post_init__(self) -> None:
        shape = (len(self.usable), NUM_BITS // 64)
        if self.words.shape != shape or self.mirrored.shape != shape:
            raise ValueError(f"hashes must be {shape}, got {self.words.shape} and {self.mirrored.shape}")

    @classmethod
    def of(cls, pictures: npt.NDArray[np.uint8] | npt.NDArray[np.floating]) -> Self:
        """Hash grey thumbnails (N, S, S) of values 0 to 255; S is at least 16, and 32 is usual.

        A bit says whether one of the 16 x 16 lowest frequencies of the cosine transform is above the
        median of them all. So a hash depends neither on brightness nor on contrast.
        Source: Zauner 2010, section 3.2.1 (there of 8 x 8 frequencies, which more pictures have in common).

        Raises:
            ValueError: the thumbnails are not square, too small, or hold NaN or infinity.
        """
        if pictures.ndim != 3 or not _FREQUENCIES <= pictures.shape[1] == pictures.shape[2]:
            raise ValueError(f"pictures must be (N, S, S), S >= {_FREQUENCIES}, got {pictures.shape}")
        if not np.isfinite(pictures).all():
            raise ValueError("pictures must be finite, got NaN or infinity")
        side = pictures.shape[1]
        transform = _cosines(side)
        # A mirrored picture has the same transform but for the sign of every odd horizontal frequency.
        signs = np.where(np.arange(_FREQUENCIES) % 2, -1.0, 1.0)
        words = np.zeros((len(pictures), NUM_BITS // 64), np.uint64)
        mirrored = np.zeros_like(words)
        usable = np.zeros(len(pictures), np.bool_)
        for start in range(0, len(pictures), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            grey = np.asarray(pictures[chunk], np.float64)
            usable[chunk] = grey.std(axis=(1, 2)) >= _LEAST_CONTRAST
            lowest = transform @ grey @ transform.T
            words[chunk] = _bits(lowest)
            mirrored[chunk] = _bits(lowest * signs)
        words[~usable] = mirrored[~usable] = 0
        return cls(words, mirrored, usable)


def _cosines(side: int) -> npt.NDArray[np.float64]:
    """Give the lowest rows (16, side) of the orthonormal DCT-II, the first of them flat."""
    angles = np.pi * np.arange(_FREQUENCIES)[:, None] * (2 * np.arange(side) + 1) / (2 * side)
    rows = np.sqrt(2 / side) * np.cos(angles)
    rows[0] /= np.sqrt(2)
    return np.asarray(rows)


def _bits(lowest: npt.NDArray[np.float64]) -> Words:
    flat = lowest.reshape(len(lowest), NUM_BITS)
    # Without the first, which is the mean brightness.
    median = np.median(flat[:, 1:], axis=1, keepdims=True)
    return np.packbits(flat > median, axis=1).view(np.uint64)
