"""One photograph, or one vector that somebody has already, as a block for a store."""

import hashlib
import os

import numpy as np
from numpy.typing import NDArray

from extract import describe
from extract.block import FAILED, HASH_BYTES, OK, Block, Records
from extract.descriptor_values import at_length_one
from extract.errors import PhotoError
from extract.extractors import Extractors
from extract.features import pack
from extract.photos import Photos
from extract.segments import VECTOR_DTYPE

_LARGEST = float(np.finfo(VECTOR_DTYPE).max)


def of_photo(path: str | os.PathLike[str], label: str, name: str, extractors: Extractors) -> Block:
    """Describe one photograph.

    Raises:
        PhotoError: it cannot be read.
    """
    photos = Photos((name,), (os.fspath(path),), (label,), ({},))
    (block,) = describe.describe(photos, extractors, block_sizes=lambda: 1)
    if block.records.statuses[0] == FAILED:
        raise PhotoError(f"cannot read {os.fspath(path)!r}: {block.records.reasons[0]}")
    return block


def of_vector(
    vector: NDArray[np.floating], label: str, name: str, extractors: Extractors, *, normalised: bool
) -> Block:
    """Make a block of a vector (D,) that came from elsewhere: it has no file, no size and no features.

    Raises:
        ValueError: see `checked`.
    """
    checked_vector = checked(vector, extractors.vector.dim, normalised=normalised)
    content = hashlib.blake2b(checked_vector.tobytes(), digest_size=HASH_BYTES).digest()
    records = Records(
        (name,), (b"",), (label,), (describe.metadata_text({}),), ("",), np.array([OK], np.uint8),
        np.frombuffer(content, np.uint8)[None], np.zeros((1, 2), np.int32), np.zeros(1, np.int64),
        np.zeros(1, np.int64),
    )  # fmt: skip
    local = {kind: pack([features]) for kind, features in extractors.empty.items()}
    return Block(records, checked_vector[None], local)


def checked(vector: NDArray[np.floating], dim: int, *, normalised: bool) -> NDArray[np.float32]:
    """Give a vector (D,) as a store keeps it, at length one in a store of such.

    Raises:
        ValueError: it has another length than `dim`, a number that a store cannot keep, or no direction.
    """
    values = np.asarray(vector, np.float32)
    if values.shape != (dim,):
        raise ValueError(f"a vector of this space is ({dim},), got {values.shape}")
    # The comparison is false for NaN too.
    if not np.abs(values).max() <= _LARGEST:
        raise ValueError("a vector must hold finite numbers that half precision can keep")
    if not normalised:
        return values
    if not values.any():
        raise ValueError("the vector is 0 and has no direction")
    return at_length_one(values[None]).reshape(dim)
