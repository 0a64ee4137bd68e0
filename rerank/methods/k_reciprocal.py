"""k-reciprocal: candidates that share their nearest neighbours with the query move up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from rerank.calibration import Calibration
from rerank.fusion import Fusion, fuse
from rerank.matching.threads import one_matrix_thread
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking


@dataclass(frozen=True)
class Config:
    """Neighbours that must be mutual (`k1`), neighbours averaged (`k2`), weight of the plain distance.

    The three are the paper's (`distance_weight` is its lambda). v weighs the score that a candidate comes
    with; 0 gives the paper's order.
    """

    k1: int = 20
    k2: int = 6
    distance_weight: float = 0.3
    v: float = 0.0
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.k1 < 1:
            raise ConfigError(f"k-reciprocal.k1 must be at least 1, got {self.k1}")
        if not 1 <= self.k2 <= self.k1:
            raise ConfigError(f"k-reciprocal.k2 must lie between 1 and k1 = {self.k1}, got {self.k2}")
        if not 0.0 <= self.distance_weight <= 1.0:
            raise ConfigError(
                f"k-reciprocal.distance_weight must be between 0 and 1, got {self.distance_weight}"
            )
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "KReciprocal":
    """Give the re-ranker."""
    return KReciprocal(config)


class KReciprocal:
    """Adds the column `local`: 1 - the final distance of the paper, in [0, 1].

    Neighbours are looked for among the query and its candidates alone, so the number of candidates
    counts. One core computes, so the result is the same to the bit for every number of threads.
    Source: Zhong, Zheng, Cao, Li, CVPR 2017, after zhunzhong07/person-re-ranking.
    """

    needs: frozenset[str] = frozenset()

    def __init__(self, config: Config) -> None:
        self._config = config

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x (1 - distance)."""
        local = np.zeros(ranking.rows.shape, np.float32)
        for place in range(len(queries)):
            used = ranking.used[place]
            if not used.any():
                continue
            # Equal distances rank by row, so that the order in which candidates come does not matter.
            rows = np.sort(ranking.rows[place, used])
            vectors = np.concatenate([queries.vectors[place : place + 1], database.vectors(rows)])
            with one_matrix_thread():
                nearness = 1 - _final_distances(vectors, self._config)
            local[place, used] = nearness[np.searchsorted(rows, ranking.rows[place, used])]
        return fuse(ranking, local, Fusion(self._config.v, self._config.calibration, self._config.curve))


def _final_distances(vectors: NDArray[np.float32], config: Config) -> NDArray[np.float32]:
    """Give the distance of the first of `vectors` (n, D) from the others, (n - 1,) in [0, 1]."""
    distances = _relative_distances(vectors)
    keys = distances.copy()
    # Each is its own nearest, before any that equals it.
    np.fill_diagonal(keys, -1)
    order = np.argsort(keys, axis=1, kind="stable")
    mutual = _mutual(order, config.k1)
    weights = np.where(_expanded(mutual, _mutual(order, round(config.k1 / 2))), np.exp(-distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    averaged = weights[order[:, : config.k2]].mean(axis=1)
    common = np.minimum(averaged[0], averaged).sum(axis=1)
    jaccard = 1 - common / (2 - common)
    final = (1 - config.distance_weight) * jaccard + config.distance_weight * distances[0]
    return np.asarray(np.clip(final[1:], 0, 1))


def _relative_distances(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give squared distances (n, n), each row divided by its largest."""
    # In double precision equal vectors are equally far from all others; a rank is all or nothing.
    values = vectors.astype(np.float64)
    products = values @ values.T
    lengths = np.diagonal(products)
    squared = np.maximum(lengths[:, None] + lengths - 2 * products, 0).astype(np.float32)
    np.fill_diagonal(squared, 0)
    farthest = squared.max(axis=1, keepdims=True)
    return np.asarray(squared / np.where(farthest > 0, farthest, np.float32(1)))


def _mutual(order: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Say which pairs (n, n) are among each other's `k` nearest; each is with itself."""
    near = np.zeros(order.shape, np.bool_)
    np.put_along_axis(near, order[:, : k + 1], True, axis=1)
    return near & near.T


def _expanded(mutual: NDArray[np.bool_], core: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add to each one's `mutual` neighbours the `core` of those whose core it holds to more than 2 / 3."""
    # Counts are small whole numbers, which a product in float32 gives exactly.
    inside, cores = mutual.astype(np.float32), core.astype(np.float32)
    sizes = core.sum(axis=1)
    trusted = mutual & (3 * (inside @ cores.T) > 2 * sizes)
    return np.asarray(mutual | (trusted.astype(np.float32) @ cores > 0))
