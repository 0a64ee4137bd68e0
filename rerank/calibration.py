"""Bring local scores to a scale that can be added to global ones."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Calibration = Literal["none", "minmax", "zscore"]

# A shortlist whose local scores hardly differ says nothing; dividing by their spread would make noise of it.
_MIN_SPREAD = 1e-9


def calibrate(scores: NDArray[np.float32], used: NDArray[np.bool_], kind: Calibration) -> NDArray[np.float32]:
    """Calibrate `scores` (Q, K) over each query's shortlist, where `used` (Q, K) is true.

    `none` leaves them; `minmax` maps the shortlist to [0, 1]; `zscore` takes off its mean and divides by
    its standard deviation. A shortlist of equal scores becomes all zero. Unused places give 0.
    """
    if kind == "none" or not scores.size:
        return np.where(used, scores, 0).astype(np.float32)
    values = np.where(used, scores, np.nan).astype(np.float64)
    # A query without a single candidate has nothing to calibrate, and NumPy would warn of it.
    values[~used.any(axis=1)] = 0.0
    if kind == "minmax":
        low, high = np.nanmin(values, axis=1, keepdims=True), np.nanmax(values, axis=1, keepdims=True)
        centre, spread = low, high - low
    else:
        centre = np.nanmean(values, axis=1, keepdims=True)
        spread = np.nanstd(values, axis=1, keepdims=True)
    flat = spread < _MIN_SPREAD
    calibrated = (values - centre) / np.where(flat, 1.0, spread)
    return np.where(used & ~flat, calibrated, 0).astype(np.float32)
