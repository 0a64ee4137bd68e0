"""Query photographs on their way into a search: what is known of them, and whether a chain can use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from extract.block import FAILED, OK, Block
from extract.features import pack
from extract.photos import Photos
from rerank.chain import Chain
from rerank.protocols import Queries


@dataclass(frozen=True)
class Described:
    """Query photographs: all that were asked, those that could be read, and why the others could not."""

    asked: Photos
    photos: Photos
    queries: Queries
    failures: Mapping[str, str]
    seconds: float


def gathered(photos: Photos, blocks: Sequence[Block], dim: int, seconds: float) -> Described:
    """Make queries of the block that `photos` were described into, if any; `dim` is a vector's length."""
    if not blocks:
        nothing = Queries(np.zeros((0, dim), np.float32), np.zeros((0, 2), np.int32), {})
        return Described(photos, photos, nothing, {}, seconds)
    (block,) = blocks
    records = block.records
    good = np.flatnonzero(records.statuses == OK)
    local = {kind: pack([packed[int(i)] for i in good]) for kind, packed in block.local.items() if len(good)}
    return Described(
        photos,
        photos.select(good.tolist()),
        Queries(block.vectors[good], records.sizes[good], local),
        {records.ids[i]: records.reasons[i] for i in np.flatnonzero(records.statuses == FAILED)},
        seconds,
    )


def check(queries: Queries, dim: int, chain: Chain) -> None:
    """Refuse queries that a store of vectors of length `dim` cannot be asked with this chain.

    Raises:
        ValueError: the vectors are not finite or of another length, or features are missing.
    """
    if queries.vectors.ndim != 2 or queries.vectors.shape[1] != dim:
        raise ValueError(f"the store's vectors have length {dim}, got queries of {queries.vectors.shape}")
    if not np.isfinite(queries.vectors).all():
        raise ValueError("query vectors must be finite, got NaN or infinity")
    if len(queries):
        for kind in sorted(chain.needs - set(queries.features)):
            raise ValueError(
                f"the chain {chain.text!r} needs {kind} features and the queries bring none; "
                "describe them with this chain"
            )
