"""sift-geometric: SIFT matches that one homography explains, the strictest evidence for one place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from extract.features import Features, PackedFeatures
from rerank import ransac
from rerank.calibration import Calibration
from rerank.fusion import Fusion, fuse
from rerank.matching.ratio import Matches, each_candidate
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking

_REFERENCE_SIDE_PX = 1000.0


@dataclass(frozen=True)
class Config:
    """Ratio test, gate, fusion and RANSAC; fewer inliers than `min_inliers` are no evidence.

    An inlier lies within `threshold_px` in a candidate whose longest side is 1000 px, and in proportion in
    others. ratio, threshold and v were chosen on training photographs, where any v from 0.4 to 0.95 did
    as well.
    """

    ratio: float = 0.85
    min_inliers: int = 8
    v: float = 0.8
    calibration: Calibration = "none"
    threshold_px: float = 10.0
    tries: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.ratio <= 1.0:
            raise ConfigError(f"sift-geometric.ratio must lie above 0 and be at most 1, got {self.ratio}")
        if self.min_inliers < 4:
            raise ConfigError(f"sift-geometric.min_inliers must be at least 4, got {self.min_inliers}")
        Fusion(self.v, self.calibration)
        self.ransac()

    def ransac(self) -> ransac.Config:
        """Give the settings of the geometric part."""
        return ransac.Config(threshold_px=self.threshold_px, tries=self.tries, seed=self.seed)


def build(config: Config) -> "SiftGeometric":
    """Give the re-ranker."""
    return SiftGeometric(config)


class SiftGeometric:
    """Adds the columns `local` (log(1 + inliers), 0 below the gate), `matches` and `inliers`."""

    needs = frozenset({"sift"})

    def __init__(self, config: Config) -> None:
        self._config = config

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x log(1 + inliers)."""
        matches = np.full(ranking.rows.shape, np.nan, np.float32)
        inliers = np.full(ranking.rows.shape, np.nan, np.float32)
        settings = self._config.ransac()
        for place in range(len(queries)):
            used = ranking.used[place]
            if not used.any():
                continue
            query = queries.features["sift"][place]
            query_scale = _REFERENCE_SIDE_PX / float(queries.sizes[place].max())
            candidates = database.features("sift", ranking.rows[place, used])
            scales = _REFERENCE_SIDE_PX / database.sizes(ranking.rows[place, used]).max(axis=1)

            def count(
                candidate: int,
                found: Matches,
                query: Features = query,
                candidates: PackedFeatures = candidates,
                scales: NDArray[np.float64] = scales,
                query_scale: float = query_scale,
            ) -> tuple[int, int]:
                if len(found.query) < self._config.min_inliers:
                    return len(found.query), 0
                matched = candidates.points[candidates.offsets[candidate] + found.candidate, :2]
                verified = ransac.verify(
                    (query.points[found.query, :2] * query_scale).astype(np.float32),
                    (matched * scales[candidate]).astype(np.float32),
                    settings,
                )
                return len(found.query), verified.count

            counts = each_candidate(query.descriptors, candidates, self._config.ratio, count)
            matches[place, used], inliers[place, used] = np.array(counts).T
        evidence = np.where(inliers >= self._config.min_inliers, inliers, 0)
        fusion = Fusion(self._config.v, self._config.calibration)
        columns = {"matches": matches, "inliers": inliers}
        return fuse(ranking.with_columns(columns), np.log1p(evidence).astype(np.float32), fusion)
