"""The selective match kernel over binary residuals: two photographs compared word by word."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures

# A descriptor begins with the number of its visual word, little-endian; the packed bits follow.
_WORD = np.dtype("<u4")


class Similarities(NamedTuple):
    """One number a candidate: the kernel (n,) float32 and the words in common (n,) int64."""

    kernel: NDArray[np.float32]
    words: NDArray[np.int64]


def similarities(
    query: NDArray[np.generic], candidates: PackedFeatures, *, alpha: float, tau: float
) -> Similarities:
    """Compare `query` (M, 4 + B) bytes with every candidate: words rising, each once, and B bytes of signs.

    The kernel sums sign(u) |u|^alpha over the shared words with u > `tau`, where u = 1 - 2 x the share of
    signs that differ, and divides by the square root of both numbers of words; a photograph and
    itself give 1, one without words gives 0 with all. Other threads or another order change nothing.
    Source: Tolias, Avrithis, Jégou, ICCV 2013, with binary residuals as in its section 5; the aggregation
    is that of Tolias, Jenicek, Chum, ECCV 2020.
    """
    num_candidates, num_words = len(candidates), np.diff(candidates.offsets)
    if not len(query) or not len(candidates.descriptors):
        return Similarities(np.zeros(num_candidates, np.float32), np.zeros(num_candidates, np.int64))
    own, others = _words(query), _words(candidates.descriptors)
    places = np.minimum(np.searchsorted(own, others), len(own) - 1)
    shared = np.flatnonzero(own[places] == others)
    differing = np.bitwise_count(_bits(query)[places[shared]] ^ _bits(candidates.descriptors[shared])).sum(
        axis=1, dtype=np.int64
    )
    closeness = 1 - differing / (4 * (query.shape[1] - _WORD.itemsize))
    powers = np.where(closeness > tau, np.sign(closeness) * np.abs(closeness) ** alpha, 0)
    owners = np.searchsorted(candidates.offsets, shared, side="right") - 1
    sums = np.bincount(owners, powers, num_candidates)
    kernel = sums / np.sqrt(np.maximum(1, num_words * len(own)))
    return Similarities(kernel.astype(np.float32), np.bincount(owners, minlength=num_candidates))


def _words(descriptors: NDArray[np.generic]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(descriptors[:, : _WORD.itemsize]).view(_WORD)[:, 0]


def _bits(descriptors: NDArray[np.generic]) -> NDArray[np.uint64]:
    """Give the packed signs as whole words of 64 bits; zeros fill the last one up."""
    num_bytes = descriptors.shape[1] - _WORD.itemsize
    filled = np.zeros((len(descriptors), -(-num_bytes // 8) * 8), np.uint8)
    filled[:, :num_bytes] = descriptors[:, _WORD.itemsize :]
    return filled.view(np.uint64)
