"""Search as if some photographs were not in the collection."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures
from rerank.protocols import Database, SpaceName
from rerank.ranking import Ranking
from rerank.space import Expansion, Space, expand, grown

# Beyond this a place more or less moves no neighbourhood, and leaving it out would take long.
_MAX_PHOTOS = 100_000


def without(ranking: Ranking, left_out: Sequence[NDArray[np.int64]]) -> Ranking:
    """Take the rows `left_out`, one array a query, from `ranking`; those below move up and -1 pads."""
    keep = np.array([~np.isin(rows, gone) for rows, gone in zip(ranking.rows, left_out, strict=True)])
    return ranking.keeping(keep.reshape(ranking.rows.shape))


class LeftOut:
    """A database as if some of its rows had never been indexed; what is asked of a row by number is answered.

    They are neither found nor anybody's neighbours: a photograph that is averaged with its neighbours would
    otherwise hold the query that it is to answer.
    """

    def __init__(self, database: Database, rows: NDArray[np.int64]) -> None:
        self._database = database
        self._rows = rows

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
        """Give the other photographs with their neighbours; in a very large collection, all of them."""
        whole = self._database.space(name)
        kept = ~np.isin(whole.rows, self._rows)
        if kept.all() or not kept.any() or len(kept) > _MAX_PHOTOS:
            return whole
        rows = whole.rows[kept]
        # Nothing is new, so that no vector is looked at.
        nothing = np.broadcast_to(np.float32(0), (len(rows), self._database.vectors(rows[:1]).shape[1]))
        reduced = grown(whole, rows, nothing)
        lost = np.isin(whole.neighbours[kept], np.flatnonzero(~kept)).any(axis=1)
        return _Reduced(
            reduced.rows,
            reduced.vectors,
            reduced.neighbours,
            reduced.closeness,
            reduced.adaptation,
            whole=whole,
            kept=kept,
            lost=np.flatnonzero(lost),
        )


@dataclass(frozen=True, kw_only=True)
class _Reduced(Space):
    """The part `kept` of a `whole` space; only averages of those that `lost` a neighbour are made anew."""

    whole: Space
    kept: NDArray[np.bool_]
    lost: NDArray[np.int64]

    def expanded(self, expansion: Expansion) -> NDArray[np.float32]:
        """Give the averaged vectors."""
        vectors = self.whole.expanded(expansion)[self.kept]
        vectors[self.lost] = expand(self, self.lost, expansion)
        return vectors
