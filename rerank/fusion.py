"""Fusion: `v * global + (1 - v) * local` over a shortlist."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from rerank.calibration import Calibration, calibrate, check_curve
from rerank.ranking import Ranking


@dataclass(frozen=True)
class Fusion:
    """`v` in [0, 1] weighs the score that a candidate comes with, `1 - v` the calibrated local one.

    `curve` holds what the calibrations that are fitted need (see `rerank.calibration`).
    """

    v: float
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.v <= 1.0:
            raise ConfigError(f"v must be between 0 and 1, got {self.v!r}")
        check_curve(self.calibration, self.curve)


def fuse(ranking: Ranking, local: NDArray[np.float32], fusion: Fusion) -> Ranking:
    """Order `ranking` by the fused score; `local` (Q, K) is in its order.

    v = 1 gives the input order and scores bit for bit, v = 0 the local order with ties in the order of
    the input. The column `local` holds the local scores as given.
    """
    scored = ranking.with_columns({"local": np.where(ranking.used, local, np.nan).astype(np.float32)})
    if fusion.v == 1.0:
        return scored
    fused = fused_scores(ranking.scores, local, ranking.used, fusion)
    return scored.sorted_by(np.where(ranking.used, fused, ranking.scores).astype(np.float32))


def fused_scores(
    scores: NDArray[np.float32],
    local: NDArray[np.float32],
    used: NDArray[np.bool_],
    fusion: Fusion,
) -> NDArray[np.float32]:
    """Give v x `scores` + (1 - v) x calibrated `local`, all (Q, K), where `used` is true; 0 elsewhere."""
    calibrated = calibrate(local, used, fusion.calibration, fusion.curve)
    # Padding may hold any score, -inf included, and 0 times that is no number.
    finite = np.where(used, scores, 0).astype(np.float64)
    return np.asarray(fusion.v * finite + (1 - fusion.v) * calibrated, np.float32)
