"""Search as if some photographs were not in the collection."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures
from rerank.protocols import Database, SpaceName
from rerank.ranking import PAD, Ranking
from rerank.space import Space, grown

_MAX_APART = 20_000


def without(ranking: Ranking, left_out: Sequence[NDArray[np.int64]]) -> Ranking:
    """Take the rows `left_out`, one array a query, from `ranking`; those below move up and -1 pads."""
    keep = np.array([~np.isin(rows, gone) for rows, gone in zip(ranking.rows, left_out, strict=True)])
    keep = keep.reshape(ranking.rows.shape) & ranking.used
    order = np.argsort(~keep, axis=1, kind="stable")
    kept = np.take_along_axis(keep, order, axis=1)

    def moved(values: NDArray[np.float32], blank: float) -> NDArray[np.float32]:
        return np.where(kept, np.take_along_axis(values, order, axis=1), blank).astype(np.float32)

    return Ranking(
        np.where(kept, np.take_along_axis(ranking.rows, order, axis=1), PAD),
        moved(ranking.scores, -np.inf),
        {name: moved(values, np.nan) for name, values in ranking.columns.items()},
    )


class LeftOut:
    """A database some of whose rows must not be found; what is asked of a row by number is answered.

    With `apart` they are nobody's neighbours either, as if they had never been indexed. Without, a search
    may still find them, and who searched leaves them out, as the engine does with a query's own photograph.
    """

    def __init__(self, database: Database, rows: NDArray[np.int64], *, apart: bool) -> None:
        self._database = database
        self._rows = rows
        self._apart = apart

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give global vectors of `rows`."""
        return self._database.vectors(rows)

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give width and height of `rows` in pixels."""
        return self._database.sizes(rows)

    def features(self, kind: str, rows: NDArray[np.int64]) -> PackedFeatures:
        """Give the local features of `rows`."""
        return self._database.features(kind, rows)

    def scores(self, vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the first search's score of `rows` (Q, K)."""
        return self._database.scores(vectors, rows)

    def space(self, name: SpaceName) -> Space:
        """Give all photographs with their neighbours, those left out only where they are not `apart`."""
        whole = self._database.space(name)
        kept = whole.rows[~np.isin(whole.rows, self._rows)]
        # In a very large collection a place more or less moves no neighbourhood, and this would take long.
        if not self._apart or len(kept) in (0, len(whole.rows)) or len(whole.rows) > _MAX_APART:
            return whole
        # Nothing is new, so that no vector is looked at.
        nothing = np.broadcast_to(np.float32(0), (len(kept), self._database.vectors(kept[:1]).shape[1]))
        return grown(whole, kept, nothing)
