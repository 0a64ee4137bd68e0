"""A block: what is known of some photographs, in photo order, on its way into a segment."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures

OK, FAILED, LOST = 0, 1, 2
HASH_BYTES = 16


@dataclass(frozen=True)
class Records:
    """Who n photographs are and how reading them went; every field has n entries.

    `paths` are bytes, since a file name need not be text; `content_hashes` (n, 16) uint8 is BLAKE2b of
    the file, zero where it could not be read; `sizes` (n, 2) int32 is width, height in pixels;
    `statuses` is OK or FAILED, and LOST where a segment that holds the row cannot be read (no segment
    says so of itself); `reasons` says why one failed; `metadata` is a JSON object each.
    """

    ids: tuple[str, ...]
    paths: tuple[bytes, ...]
    labels: tuple[str, ...]
    metadata: tuple[str, ...]
    reasons: tuple[str, ...]
    statuses: NDArray[np.uint8]
    content_hashes: NDArray[np.uint8]
    sizes: NDArray[np.int32]
    file_bytes: NDArray[np.int64]
    modified_ns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Block:
    """Records with their vectors (n, D) float32 (zero where a photo failed) and local features by kind."""

    records: Records
    vectors: NDArray[np.float32]
    local: Mapping[str, PackedFeatures]

    def __len__(self) -> int:
        return len(self.records)
