"""Geometric verification: the matches that one homography explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError

# A view that shrinks or grows an area by more than this is no view of the same wall but a collapsed one.
_MAX_AREA_CHANGE = 100.0


@dataclass(frozen=True)
class Config:
    """MAGSAC: pixels of error that an inlier may have, tries, confidence and seed."""

    threshold_px: float = 8.0
    tries: int = 2000
    confidence: float = 0.999
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.1 <= self.threshold_px <= 1000:
            raise ConfigError(f"threshold_px must be between 0.1 and 1000, got {self.threshold_px}")
        if not 1 <= self.tries <= 1_000_000:
            raise ConfigError(f"tries must be between 1 and 1000000, got {self.tries}")
        if not 0.0 < self.confidence < 1.0:
            raise ConfigError(f"confidence must lie between 0 and 1, got {self.confidence}")


@dataclass(frozen=True)
class Verified:
    """`homography` (3, 3) from query to candidate pixels, None where there is none; `inliers` (M,) bool."""

    homography: NDArray[np.float64] | None
    inliers: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of inliers."""
        return int(self.inliers.sum())


def verify(query: NDArray[np.float32], candidate: NDArray[np.float32], config: Config) -> Verified:
    """Fit a homography to matched points, `query` (M, 2) and `candidate` (M, 2) in pixels.

    Seeded, so that the same points always give the same result. A point of the candidate counts once,
    however many query points matched it: repeated structure would otherwise pile up on one.
    Source: Barath et al., MAGSAC++, CVPR 2020 (OpenCV's program).
    """
    import cv2

    none = Verified(None, np.zeros(len(query), np.bool_))
    if len(query) < 4:
        return none
    settings = cv2.UsacParams()
    settings.sampler = cv2.SAMPLING_UNIFORM
    settings.score = cv2.SCORE_METHOD_MAGSAC
    settings.loMethod = cv2.LOCAL_OPTIM_SIGMA
    settings.threshold = config.threshold_px
    settings.maxIterations = config.tries
    settings.confidence = config.confidence
    settings.randomGeneratorState = config.seed
    settings.isParallel = False
    try:
        found, mask = cv2.findHomography(query, candidate, settings)
    except cv2.error:
        # Raised for some degenerate sets, e.g. all points on one line.
        return none
    if found is None:
        return none
    homography: NDArray[np.float64] = np.asarray(found, np.float64)
    if not np.isfinite(homography).all():
        return none
    inliers = mask.ravel().astype(np.bool_) & _is_a_view(homography, query)
    if not inliers.any():
        return none
    _, first = np.unique(candidate[inliers], axis=0, return_index=True)
    once = np.zeros(len(query), np.bool_)
    once[np.flatnonzero(inliers)[first]] = True
    return Verified(homography, once)


def _is_a_view(homography: NDArray[np.float64], points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say at which of `points` (M, 2) the map neither mirrors the picture nor squeezes it to a line."""
    depths = points.astype(np.float64) @ homography[2, :2] + homography[2, 2]
    with np.errstate(divide="ignore"):
        area_changes = np.linalg.det(homography) / depths**3
    return np.asarray((area_changes > 1 / _MAX_AREA_CHANGE) & (area_changes < _MAX_AREA_CHANGE))
