"""Pairs of two sets that nearly agree: hashes that differ in few bits, vectors that point the same way."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, FloatArray, IntArray
from evaluate.perceptual_hash import Words

Vectors = npt.NDArray[np.float32]

# Rows and columns of pairs at once. 1 MB of words stays in a core's cache: 1,000 x 100,000 hashes of 256
# bits take 1.1 s. Scores of 64 MB keep the matrix product busy.
_HASH_BLOCK = (16, 8192)
_SCORE_BLOCK = (4096, 4096)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Places `first` (P,) and `second` (P,) of each pair in its set, and its `values` (P,).

    They are sorted by `first`, then `second`. A value is a distance in bits or a cosine.
    """

    first: IntArray
    second: IntArray
    values: FloatArray


def close_hashes(first: Words, second: Words, max_bits: int) -> Pairs:
    """Find every pair of hashes (N, W) and (M, W) that differ in at most `max_bits` bits.

    Raises:
        ValueError: the hashes differ in length.
    """
    _check(first, second)
    # One word of all hashes lies together, so that a block of them is read in one go.
    words = np.ascontiguousarray(second.T)

    def close(rows: slice, columns: slice) -> tuple[BoolArray, npt.NDArray[np.uint16]]:
        # Sixteen bits a sum: 256 bits may differ, and eight bits end at 255.
        bits = np.zeros((len(first[rows]), words[:, columns].shape[1]), np.uint16)
        for own, others in zip(first[rows].T, words[:, columns], strict=True):
            bits += np.bitwise_count(own[:, None] ^ others[None])
        return bits <= max_bits, bits

    return _gathered(len(first), len(second), _HASH_BLOCK, close)


def close_vectors(first: Vectors, second: Vectors, min_cosine: float) -> Pairs:
    """Find every pair of vectors of length one, (N, D) and (M, D), with a cosine of `min_cosine` or more.

    Raises:
        ValueError: the vectors differ in length.
    """
    _check(first, second)

    def close(rows: slice, columns: slice) -> tuple[BoolArray, Vectors]:
        cosines = first[rows] @ second[columns].T
        return np.asarray(cosines >= min_cosine), cosines

    return _gathered(len(first), len(second), _SCORE_BLOCK, close)


def strongest(pairs: Pairs, count: int) -> Pairs:
    """Keep the `count` pairs of the largest values for each first place; equal values go by second place."""
    order = np.lexsort((pairs.second, -pairs.values, pairs.first))
    first = pairs.first[order]
    rank = np.arange(len(first)) - np.searchsorted(first, first)
    kept = np.sort(order[rank < count])
    return Pairs(pairs.first[kept], pairs.second[kept], pairs.values[kept])


def _check(first: npt.NDArray[np.generic], second: npt.NDArray[np.generic]) -> None:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(f"both sets must be (N, W) with one W, got {first.shape} and {second.shape}")


def _gathered(
    num_first: int,
    num_second: int,
    block: tuple[int, int],
    close: Callable[[slice, slice], tuple[BoolArray, npt.NDArray[np.uint16] | Vectors]],
) -> Pairs:
    """Walk through all blocks and keep what is close; memory grows with the pairs found alone."""
    rows, columns, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float64)]
    for top in range(0, num_first, block[0]):
        for left in range(0, num_second, block[1]):
            kept, measured = close(slice(top, top + block[0]), slice(left, left + block[1]))
            row, column = np.nonzero(kept)
            rows.append(row + top)
            columns.append(column + left)
            values.append(measured[row, column].astype(np.float64))
    found = Pairs(np.concatenate(rows), np.concatenate(columns), np.concatenate(values))
    order = np.lexsort((found.second, found.first))
    return Pairs(found.first[order], found.second[order], found.values[order])
