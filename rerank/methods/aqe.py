"""aqe: search again with the query averaged with its best hits (alpha query expansion)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from rerank.calibration import Calibration
from rerank.fusion import Fusion
from rerank.matching.unit import unit
from rerank.protocols import Database, Queries, SpaceName
from rerank.ranking import Ranking
from rerank.searching import best, projected, ranked
from rerank.space import Space


@dataclass(frozen=True)
class Config:
    """The first `k` hits, weighed cosine ** `alpha`, in `space`.

    With `min_inliers` only hits count that an earlier step such as sift-geometric verified with as many
    (verified query expansion: Chum et al., ICCV 2007).
    """

    k: int = 10
    alpha: float = 3.0
    space: SpaceName = "global"
    min_inliers: int = 0
    v: float = 0.0
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.k <= 10_000:
            raise ConfigError(f"aqe.k must be between 1 and 10000, got {self.k}")
        if not 0.0 <= self.alpha <= 100.0:
            raise ConfigError(f"aqe.alpha must be between 0 and 100, got {self.alpha}")
        if self.min_inliers < 0:
            raise ConfigError(f"aqe.min_inliers must be 0 or more, got {self.min_inliers}")
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "QueryExpansion":
    """Give the re-ranker."""
    return QueryExpansion(config)


class QueryExpansion:
    """Replaces the ranking by that of a second exact search; `local` is the cosine with the expanded query.

    Costs one product of all vectors with the query and no memory.
    Source: Radenović, Tolias and Chum, TPAMI 2018, section 3.5 (alpha), on Chum et al., ICCV 2007.
    """

    needs: frozenset[str] = frozenset()

    def __init__(self, config: Config) -> None:
        self._config = config
        self._fusion = Fusion(config.v, config.calibration, config.curve)

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Rank as many photographs as `ranking` has places, of all that there are.

        Raises:
            ConfigError: `min_inliers` is set and no earlier step counted inliers.
        """
        space = database.space(self._config.space)
        asked = projected(space, queries)
        expanded = asked.copy()
        for query, places in enumerate(self._chosen(ranking, space)):
            hits = space.vectors[places]
            weights = np.clip(hits @ asked[query], 0, None) ** np.float32(self._config.alpha)
            expanded[query] += weights @ hits
        rows, scores = best(space, space.vectors, unit(expanded), ranking.rows.shape[1])
        return ranked(ranking, rows, scores, queries, database, self._fusion)

    def _chosen(self, ranking: Ranking, space: Space) -> list[NDArray[np.int64]]:
        good = ranking.used
        if self._config.min_inliers:
            if "inliers" not in ranking.columns:
                raise ConfigError(
                    "aqe.min_inliers needs a step that counts inliers ahead of it, e.g. sift-geometric,aqe"
                )
            # NaN, where nothing was counted, is not as many either.
            good = good & (ranking.columns["inliers"] >= self._config.min_inliers)
        return [
            np.searchsorted(space.rows, rows[keep][: self._config.k])
            for rows, keep in zip(ranking.rows, good, strict=True)
        ]
