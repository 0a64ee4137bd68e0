"""sift-ratio: the share of the query's SIFT descriptors that pass the ratio test (thesis E5)."""

from dataclasses import dataclass

import numpy as np

from extract.errors import ConfigError
from rerank.calibration import Calibration
from rerank.fusion import Fusion, fuse
from rerank.matching.ratio import each_candidate
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking
from rerank.shortlist import each


@dataclass(frozen=True)
class Config:
    """Ratio, v and calibration; the defaults are the thesis's."""

    ratio: float = 0.7
    v: float = 0.8
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.ratio <= 1.0:
            raise ConfigError(f"sift-ratio.ratio must lie above 0 and be at most 1, got {self.ratio}")
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "SiftRatio":
    """Give the re-ranker."""
    return SiftRatio(config)


class SiftRatio:
    """Adds the columns `local` (good matches / query descriptors) and `matches`."""

    needs = frozenset({"sift"})

    def __init__(self, config: Config) -> None:
        self._config = config

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x share of matches."""
        matches = np.full(ranking.rows.shape, np.nan, np.float32)
        local = np.zeros(ranking.rows.shape, np.float32)
        for query, used, features, candidates in each("sift", ranking, queries, database):
            counts = each_candidate(
                features.descriptors, candidates, self._config.ratio, lambda _, found: len(found.query)
            )
            matches[query, used] = counts
            local[query, used] = np.array(counts) / max(1, len(features))
        fusion = Fusion(self._config.v, self._config.calibration, self._config.curve)
        return fuse(ranking.with_columns({"matches": matches}), local, fusion)
