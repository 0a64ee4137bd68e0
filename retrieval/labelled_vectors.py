"""Vectors that have labels, and their exact nearest ones: what a space classifies by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.store import DescriptorStore

# Distances held at once: 32 MB.
_MAX_DISTANCES = 8_000_000
# A product of vectors in float32 errs by at most half of this a number; two of them are compared, doubled.
_ROUNDING = 4 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class LabelledVectors:
    """Photographs by place: `ids` and `labels` (N), `vectors` (N, D) float32 as the store keeps them."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(
        self, queries: NDArray[np.float32], k: int, left_out: Sequence[NDArray[np.int64]] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Give places and Euclidean distances (Q, k) of the nearest to `queries` (Q, D), nearest first.

        `left_out` names places that each query must not find. Where fewer than k remain, places are -1 and
        distances infinite. Equal distances stand in the order of places.
        """
        places = np.full((len(queries), k), -1, np.int64)
        distances = np.full((len(queries), k), np.inf)
        squares = (self.vectors.astype(np.float64) ** 2).sum(axis=1)
        longest = float(np.sqrt(squares.max(initial=0.0)))
        step = max(1, _MAX_DISTANCES // max(1, len(self)))
        for start in range(0, len(queries), step):
            rough = squares - 2.0 * (queries[start : start + step] @ self.vectors.T)
            for query, line in enumerate(rough, start):
                if left_out is not None:
                    line[left_out[query]] = np.inf
                rounding = _ROUNDING * queries.shape[1] * longest * float(np.linalg.norm(queries[query]))
                chosen = self._sorted(queries[query], line, k, rounding)
                places[query, : len(chosen[0])], distances[query, : len(chosen[0])] = chosen
        return places, distances

    def _sorted(
        self, query: NDArray[np.float32], rough: NDArray[np.float64], k: int, rounding: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        count = min(k, len(rough))
        # All that may share the last rank, so that exact distances and the order of places decide among them.
        last = np.partition(rough, count - 1)[count - 1] if count else np.inf
        near = np.flatnonzero((rough <= last + rounding) & np.isfinite(rough))
        differences = self.vectors[near].astype(np.float64) - query
        distances = np.sqrt((differences**2).sum(axis=1))
        order = np.lexsort((near, distances))[:k]
        return near[order], distances[order]


def of_store(store: DescriptorStore) -> LabelledVectors:
    """Take the photographs of a store that have a label and could be read.

    Raises:
        StoreError: a segment is damaged.
    """
    records = store.records
    rows = np.array([row for row in np.flatnonzero(store.live) if records.labels[row]], np.int64)
    return LabelledVectors(
        tuple(records.ids[row] for row in rows),
        tuple(records.labels[row] for row in rows),
        store.vectors(rows),
    )
