"""diffusion: a query's closeness spreads along the mutual neighbours of the collection."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from rerank.calibration import Calibration
from rerank.fusion import Fusion
from rerank.protocols import Database, Queries, SpaceName
from rerank.ranking import PAD, Ranking
from rerank.searching import projected, ranked
from rerank.space import NEIGHBOURS, Space

# Of entries that are at most 1, what is left below it cannot be told from rounding in double precision.
_MIN_SQUARED_RESIDUAL = 1e-24


@dataclass(frozen=True)
class Config:
    """Mutual `k` nearest neighbours, edges cosine ** `gamma`; `alpha` is the share that spreads on.

    Only the `size` photographs nearest to the query take part.
    """

    k: int = 10
    gamma: float = 3.0
    alpha: float = 0.9
    size: int = 1000
    iterations: int = 30
    space: SpaceName = "global"
    v: float = 0.5
    calibration: Calibration = "minmax"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.k <= NEIGHBOURS:
            raise ConfigError(f"diffusion.k must be between 1 and {NEIGHBOURS}, got {self.k}")
        if not 0.0 < self.gamma <= 100.0:
            raise ConfigError(f"diffusion.gamma must lie above 0 and be at most 100, got {self.gamma}")
        if not 0.0 <= self.alpha < 1.0:
            raise ConfigError(f"diffusion.alpha must be at least 0 and below 1, got {self.alpha}")
        if self.size < 1 or self.iterations < 1:
            raise ConfigError(
                f"diffusion.size and iterations must be at least 1, got {self.size} and {self.iterations}"
            )
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "Diffusion":
    """Give the re-ranker."""
    return Diffusion(config)


class Diffusion:
    """Ranks by f = (1 - alpha) (I - alpha S)^-1 y; `local` holds f.

    y is the query's own edges and S the mutual-neighbour graph, normalised by the degrees of both ends,
    cut to the photographs nearest to the query.
    Source: Iscen et al., CVPR 2017; cut as in Iscen et al., CVPR 2018 ("truncated").
    """

    needs: frozenset[str] = frozenset()

    def __init__(self, config: Config) -> None:
        self._config = config
        self._fusion = Fusion(config.v, config.calibration, config.curve)

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Rank as many photographs as `ranking` has places, of all that there are."""
        space = database.space(self._config.space)
        count = min(ranking.rows.shape[1], len(space.rows))
        rows = np.full((len(queries), count), PAD, np.int64)
        scores = np.zeros((len(queries), count), np.float32)
        for query, vector in enumerate(projected(space, queries)):
            closeness = space.vectors @ vector
            order = np.argsort(-closeness, kind="stable")
            spread = np.zeros(len(closeness))
            near = np.sort(order[: self._config.size])
            spread[near] = self._spread(space, near, closeness[near])
            # Where nothing arrived the query's own closeness decides.
            order = order[np.argsort(-spread[order], kind="stable")][:count]
            rows[query], scores[query] = space.rows[order], spread[order]
        return ranked(ranking, rows, scores, queries, database, self._fusion)

    def _spread(
        self, space: Space, near: NDArray[np.int64], closeness: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        config = self._config
        source = np.zeros(len(near))
        first = np.argsort(-closeness, kind="stable")[: config.k]
        source[first] = np.clip(closeness[first], 0, None) ** config.gamma
        left, right, weights = edges(space, near, config.k, config.gamma)
        return diffused(left, right, weights, source, config.alpha, config.iterations)


def edges(
    space: Space, near: NDArray[np.int64], k: int, gamma: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Give the mutual k-nearest-neighbour edges among the places `near` (n,), rising.

    Both directions of an edge are there: `left` and `right` are positions in `near`, weights their
    cosine ** gamma, 0 below a right angle.
    """
    neighbours = space.neighbours[near][:, :k]
    position = np.searchsorted(near, neighbours)
    inside = (near[np.minimum(position, len(near) - 1)] == neighbours) & (neighbours != PAD)
    left, nth = np.nonzero(inside)
    right = position[left, nth]
    codes, back = left * len(near) + right, right * len(near) + left
    mutual = np.isin(codes, back)
    left, right, nth = left[mutual], right[mutual], nth[mutual]
    return left, right, np.clip(space.closeness[near[left], nth].astype(np.float64), 0, None) ** gamma


def diffused(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    weights: NDArray[np.float64],
    source: NDArray[np.float64],
    alpha: float,
    iterations: int,
) -> NDArray[np.float64]:
    """Solve (I - alpha S) f = (1 - alpha) source by conjugate gradients, f (n,).

    S is the matrix of `weights` at (left, right), divided by the roots of both ends' sums.
    """
    count = len(source)
    degrees = np.bincount(left, weights, count)
    roots = np.sqrt(np.where(degrees > 0, degrees, 1.0))
    steps = alpha * weights / (roots[left] * roots[right])

    def apply(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values - np.bincount(left, steps * values[right], count))

    found = np.zeros(count)
    residual = (1 - alpha) * source
    direction = residual.copy()
    length = float(residual @ residual)
    for _ in range(iterations):
        if length < _MIN_SQUARED_RESIDUAL:
            break
        image = apply(direction)
        step = length / float(direction @ image)
        found += step * direction
        residual = residual - step * image
        before, length = length, float(residual @ residual)
        direction = residual + length / before * direction
    return found
