"""patch-maxsim: how well each patch of the query is found again somewhere in the candidate (thesis E7)."""

from dataclasses import dataclass

import numpy as np

from rerank.calibration import Calibration
from rerank.fusion import Fusion, fuse
from rerank.matching.maxsim import mean_of_best
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking
from rerank.shortlist import each


@dataclass(frozen=True)
class Config:
    """v and calibration.

    On training photographs (170 queries, 486 photographs) v = 0.9 changed nothing and 0.6 lost 1.2 points:
    patches of the network that made the global vector say little that it does not. Thesis E7: v = 0.4.
    """

    v: float = 0.9
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "PatchMaxsim":
    """Give the re-ranker."""
    return PatchMaxsim(config)


class PatchMaxsim:
    """Adds the column `local`: mean over the query's patches of the best cosine, in [-1, 1]."""

    needs = frozenset({"patch"})

    def __init__(self, config: Config) -> None:
        self._config = config

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x mean of best cosines."""
        local = np.zeros(ranking.rows.shape, np.float32)
        for query, used, features, candidates in each("patch", ranking, queries, database):
            local[query, used] = mean_of_best(features.descriptors, candidates)
        return fuse(ranking, local, Fusion(self._config.v, self._config.calibration, self._config.curve))
