"""What a re-ranker may ask for, and what it must do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures, pack
from rerank.ranking import Ranking
from rerank.space import Space

SpaceName = Literal["global", "own"]


@dataclass(frozen=True)
class Queries:
    """Q query photographs: `vectors` (Q, D) float32, `sizes` (Q, 2) width and height of the upright pictures
    in pixels, and local features by kind, one entry a query.
    """

    vectors: NDArray[np.float32]
    sizes: NDArray[np.int32]
    features: Mapping[str, PackedFeatures]

    def __len__(self) -> int:
        return len(self.vectors)

    def one(self, query: int) -> "Queries":
        """Give one query by itself."""
        features = {kind: pack([packed[query]]) for kind, packed in self.features.items()}
        return Queries(self.vectors[query : query + 1], self.sizes[query : query + 1], features)


class Database(Protocol):
    """The photographs that rankings name by row; the engine supplies one over a store, tests over arrays."""

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give global vectors (len(rows), D)."""
        ...

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give width and height of the upright photographs in pixels, (len(rows), 2)."""
        ...

    def features(self, kind: str, rows: NDArray[np.int64]) -> PackedFeatures:
        """Give the local features of `rows`, in one pass."""
        ...

    def scores(self, vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the first search's score of `rows` (Q, K) for `vectors` (Q, D), -inf where a row is -1."""
        ...

    def space(self, name: SpaceName) -> Space:
        """Give all photographs with their neighbours, in the space of that name."""
        ...


class Reranker(Protocol):
    """One step of a chain. `needs` names the kinds of local features that it reads."""

    needs: frozenset[str]

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Give a better order; the caller hands in only the places to be re-ranked.

        The rows are the same; but for a step that searches all photographs again, which gives as many.
        """
        ...
