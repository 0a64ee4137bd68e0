"""Vectors of length one, and what the stored numbers of local descriptors mean."""

import numpy as np
from numpy.typing import NDArray

# Below this a vector has no direction and stays zero.
_MIN_NORM = 1e-12
# The byte that stands for zero: SIFT has no negative entries, all others keep them on both sides of 128.
_ZERO_OF_SIFT, ZERO_BYTE = 0, 128


def unit_vectors(descriptors: NDArray[np.generic], kind: str) -> NDArray[np.float32]:
    """Give stored descriptors (M, D) of `kind`, bytes or halves, as float32 of length one, or zero."""
    values = np.asarray(descriptors, np.float32)
    if descriptors.dtype == np.uint8:
        values = values - np.float32(_ZERO_OF_SIFT if kind == "sift" else ZERO_BYTE)
    return at_length_one(values)


def at_length_one(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows of `vectors` (M, D) to length one, copied; zero rows stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, _MIN_NORM), np.float32)
