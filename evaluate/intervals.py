"""From the figures of resampled queries to an interval: percentile and BCa."""

from statistics import NormalDist
from typing import Literal

import numpy as np

from evaluate.arrays import FloatArray

Kind = Literal["percentile", "bca"]

_NORMAL = NormalDist()
# Figures lie about 1 and their rounding errors about 1e-15: two that are nearer than this are equal.
ROUNDING = 1e-12


def percentile_ends(figures: FloatArray, level: float) -> tuple[float, float]:
    """Return the ends between which the middle `level` of `figures` (R,) lies.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    return _ends(figures, (1 - level) / 2, (1 + level) / 2)


def bca_ends(
    figures: FloatArray, estimate: float, influences: FloatArray, level: float
) -> tuple[float, float]:
    """Return the percentile ends, moved by the bias and the skewness of `figures` (R,) about `estimate`.

    `influences` say how far the figure rises with each query (or group of queries), on any scale: for a
    mean its value less the mean, else the jackknife's mean less the figure without the query. Figures
    equal to `estimate` count half below it. Where the correction is not defined (no influence at all or one
    that is NaN, or all figures on one side of `estimate`) the ends are the percentile ones.
    Source: Efron 1987, JASA 82, sections 2 and 7.
    """
    equal = np.abs(figures - estimate) <= ROUNDING * max(1.0, abs(estimate))
    below = float(((figures < estimate) & ~equal).mean() + equal.mean() / 2)
    spread = float((influences**2).sum())
    if not 0.0 < below < 1.0 or not np.abs(influences).max() > ROUNDING:
        return percentile_ends(figures, level)
    bias = _NORMAL.inv_cdf(below)
    acceleration = float((influences**3).sum()) / (6 * spread**1.5)
    shares = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        moved = bias + _NORMAL.inv_cdf(tail)
        shrink = 1 - acceleration * moved
        # Beyond this point the correction turns back, and a wider level would give a narrower interval.
        if shrink <= 0:
            return percentile_ends(figures, level)
        shares.append(_NORMAL.cdf(bias + moved / shrink))
    return _ends(figures, shares[0], shares[1])


def check_level(level: float) -> None:
    """Raise ValueError unless `level` lies between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}")


def _ends(figures: FloatArray, low: float, high: float) -> tuple[float, float]:
    ends = np.quantile(figures, [low, high])
    return float(ends[0]), float(ends[1])
