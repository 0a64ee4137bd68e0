"""learned: mutual matches of a learned network's descriptors that one homography explains."""

import functools
from dataclasses import dataclass

from extract.errors import ConfigError
from rerank import geometric, ransac
from rerank.calibration import Calibration
from rerank.fusion import Fusion
from rerank.geometric import Geometry
from rerank.matching import mutual
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking


@dataclass(frozen=True)
class Config:
    """Ratio test (1: none), gate, fusion and RANSAC; fewer inliers than `min_inliers` are no evidence.

    An inlier lies within `threshold_px` in a candidate whose longest side is 1000 px, and in proportion in
    others. Chosen on training photographs, where 29 % of the pairs of one place passed the gate and 0.07 %
    of the others; any v from 0.2 to 0.95 did as well, no ratio test or one of 0.95 needs a gate of 10 to 15.
    """

    ratio: float = 0.9
    min_inliers: int = 8
    v: float = 0.9
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()
    threshold_px: float = 10.0
    tries: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.ratio <= 1.0:
            raise ConfigError(f"learned.ratio must lie above 0 and be at most 1, got {self.ratio}")
        if self.min_inliers < 4:
            raise ConfigError(f"learned.min_inliers must be at least 4, got {self.min_inliers}")
        Fusion(self.v, self.calibration, self.curve)
        self.ransac()

    def ransac(self) -> ransac.Config:
        """Give the settings of the geometric part."""
        return ransac.Config(threshold_px=self.threshold_px, tries=self.tries, seed=self.seed)


def build(config: Config) -> "Learned":
    """Give the re-ranker."""
    return Learned(config)


class Learned:
    """Adds the columns `local` (log(1 + inliers), 0 below the gate), `matches` and `inliers`."""

    needs = frozenset({"learned"})

    def __init__(self, config: Config) -> None:
        self._config = config
        matcher = functools.partial(mutual.each_candidate, ratio=config.ratio)
        self.geometry = Geometry("learned", matcher, config.min_inliers, config.ransac())

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x log(1 + inliers)."""
        fusion = Fusion(self._config.v, self._config.calibration, self._config.curve)
        return geometric.rerank(ranking, queries, database, self.geometry, fusion)
