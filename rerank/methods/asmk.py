"""asmk: the aggregated selective match kernel over visual words with binary residuals."""

import math
from dataclasses import dataclass

import numpy as np

from extract.errors import ConfigError
from rerank.calibration import Calibration
from rerank.fusion import Fusion, fuse
from rerank.matching.binary_kernel import similarities
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking
from rerank.shortlist import each


@dataclass(frozen=True)
class Config:
    """The kernel's `alpha` and `tau`, which are those of the papers, and how the result is fused.

    `alpha` raises close residuals above middling ones; residuals at or below `tau` count for nothing.
    """

    alpha: float = 3.0
    tau: float = 0.0
    v: float = 0.5
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < math.inf:
            raise ConfigError(f"asmk.alpha must be a finite number above 0, got {self.alpha}")
        if not -1.0 <= self.tau < 1.0:
            raise ConfigError(f"asmk.tau must be at least -1 and less than 1, got {self.tau}")
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "Asmk":
    """Give the re-ranker."""
    return Asmk(config)


class Asmk:
    """Adds the columns `local` (the kernel, at most 1) and `words` (visual words in common)."""

    needs = frozenset({"asmk"})

    def __init__(self, config: Config) -> None:
        self._config = config

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x kernel."""
        words = np.full(ranking.rows.shape, np.nan, np.float32)
        local = np.zeros(ranking.rows.shape, np.float32)
        for query, used, features, candidates in each("asmk", ranking, queries, database):
            found = similarities(
                features.descriptors, candidates, alpha=self._config.alpha, tau=self._config.tau
            )
            local[query, used], words[query, used] = found.kernel, found.words
        fusion = Fusion(self._config.v, self._config.calibration, self._config.curve)
        return fuse(ranking.with_columns({"words": words}), local, fusion)
