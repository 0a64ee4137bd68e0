"""Exact search: every vector of the database is compared with the query."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rerank.ranking import PAD, Ranking

# From this many queries at once FAISS multiplies matrices; its own limit of 128,000 leaves eight tenths of
# the machine unused (96 ms against 1,492 ms for 100 queries on 100,000 x 512).
_MATRIX_PRODUCT_FROM = 20


@dataclass(frozen=True)
class Config:
    """`ip` is the inner product (cosine of normalised vectors), `l2` the negated squared distance."""

    metric: Literal["ip", "l2"] = "ip"


def build(config: Config, dim: int) -> "FlatIndex":
    """Give an empty index for vectors of length `dim`."""
    return FlatIndex(config, dim)


class FlatIndex:
    """Rows and their vectors in memory, 4 x dim bytes a row."""

    def __init__(self, config: Config, dim: int) -> None:
        import faiss

        faiss.cvar.distance_compute_blas_threshold = _MATRIX_PRODUCT_FROM
        self._metric = config.metric
        self._vectors: faiss.IndexFlat = (
            faiss.IndexFlatIP(dim) if config.metric == "ip" else faiss.IndexFlatL2(dim)
        )
        self._rows = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add `vectors` (N, dim) under `rows` (N,), each above every row added before.

        Raises:
            ValueError: rows do not rise; a row is given once and never used again.
        """
        together = np.concatenate([self._rows[-1:], rows])
        if len(rows) != len(vectors) or (np.diff(together) <= 0).any():
            raise ValueError("rows must rise, one for each vector, and lie above those added before")
        self._vectors.add(np.ascontiguousarray(vectors, np.float32))
        self._rows = np.concatenate([self._rows, rows])

    def search(self, vectors: NDArray[np.float32], k: int) -> Ranking:
        """Rank the k best rows for each of `vectors` (Q, dim); where there are fewer, -1 pads.

        Ties are in the order of rows.

        Raises:
            ValueError: k is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        vectors = np.ascontiguousarray(vectors, np.float32)
        if self._metric == "ip" and len(self) and 0 < len(vectors) < _MATRIX_PRODUCT_FROM:
            scores, places = self._scan(vectors, min(k, len(self)))
            return self._ranking(scores, places)
        # One more than asked tells where equal scores straddle the cut: FAISS then keeps any of them.
        scores, places = self._vectors.search(vectors, k + 1)
        straddling = np.flatnonzero((scores[:, k - 1] == scores[:, k]) & (places[:, k] >= 0))
        if self._metric == "ip" and len(straddling):
            scores[straddling, :k], places[straddling, :k] = self._scan(vectors[straddling], k)
        return self._ranking(scores[:, :k], places[:, :k])

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of all vectors (N,), rising."""
        return self._rows

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the vectors of `rows` (N,), (N, dim); zero for one that is not in the index."""
        found = np.zeros((len(rows), self._vectors.d), np.float32)
        held = np.isin(rows, self._rows)
        found[held] = self._stored()[np.searchsorted(self._rows, rows[held])]
        return found

    def scores(self, vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score `rows` (Q, K) for `vectors` (Q, dim) as `search` does; -inf where a row is -1."""
        scores = np.full(rows.shape, -np.inf, np.float32)
        for query, used in enumerate(rows != PAD):
            theirs = self.vectors(rows[query, used])
            if self._metric == "ip":
                # Not a matrix product: it rounds equal vectors otherwise in another place.
                scores[query, used] = np.einsum("nd,d->n", theirs, vectors[query])
            else:
                scores[query, used] = -((theirs - vectors[query]) ** 2).sum(axis=1)
        return scores

    def _stored(self) -> NDArray[np.float32]:
        import faiss

        stored: NDArray[np.float32] = faiss.rev_swig_ptr(self._vectors.get_xb(), len(self) * self._vectors.d)
        return stored.reshape(len(self), self._vectors.d)

    def _scan(self, vectors: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Search few queries at the memory's speed: FAISS gives a query one thread, BLAS all of them."""
        count = len(self)
        closeness = (self._stored() @ vectors.T).T
        places = np.empty((len(vectors), k), np.int64)
        for query, scores in enumerate(closeness):
            least = np.partition(scores, count - k)[count - k]
            at_least = np.flatnonzero(scores >= least)
            places[query] = at_least[np.argsort(-scores[at_least], kind="stable")[:k]]
        return np.take_along_axis(closeness, places, axis=1), places

    def _ranking(self, scores: NDArray[np.float32], places: NDArray[np.int64]) -> Ranking:
        rows = np.full(places.shape, PAD, np.int64)
        rows[places >= 0] = self._rows[places[places >= 0]]
        scores = scores if self._metric == "ip" else -scores
        order = np.lexsort((rows, np.where(rows == PAD, np.inf, -scores)), axis=1)
        scores = np.where(rows == PAD, -np.inf, scores).astype(np.float32)
        rows, scores = np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)
        return Ranking(rows, scores, {"global": np.where(rows == PAD, np.nan, scores).astype(np.float32)})
