"""Bring local scores to a scale that can be added to global ones."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError

Calibration = Literal["none", "minmax", "zscore", "sigmoid", "isotonic"]
FITTED = ("sigmoid", "isotonic")

# A shortlist whose local scores hardly differ says nothing; dividing by their spread would make noise of it.
_MIN_SPREAD = 1e-9


def check_curve(kind: Calibration, curve: tuple[float, ...]) -> None:
    """Refuse a fitted calibration without what was fitted, and the other way round.

    Raises:
        ConfigError: `curve` does not suit `kind`.
    """
    if kind not in FITTED:
        if curve:
            raise ConfigError(f"the calibration {kind!r} takes no curve, got {len(curve)} numbers")
        return
    if not np.isfinite(curve).all():
        raise ConfigError("curve must hold finite numbers")
    if kind == "sigmoid" and len(curve) != 2:
        raise ConfigError(
            f"the calibration 'sigmoid' needs curve = [slope, intercept], got {len(curve)} numbers; "
            "`retrieve tune` fits it"
        )
    if kind == "isotonic":
        scores, chances = curve[0::2], curve[1::2]
        rising = all((np.diff(values) >= 0).all() for values in (scores, chances))
        if len(curve) < 2 or len(curve) % 2 or not rising:
            raise ConfigError(
                "the calibration 'isotonic' needs curve = [score, chance, score, chance, …], both rising; "
                "`retrieve tune` fits it"
            )


def calibrate(
    scores: NDArray[np.float32],
    used: NDArray[np.bool_],
    kind: Calibration,
    curve: tuple[float, ...] = (),
) -> NDArray[np.float32]:
    """Calibrate `scores` (Q, K) over each query's shortlist, where `used` (Q, K) is true.

    `none` leaves them; `minmax` maps the shortlist to [0, 1]; `zscore` takes off its mean and divides by
    its standard deviation (a shortlist of equal scores becomes all zero). `sigmoid` gives
    1 / (1 + exp(-(slope * score + intercept))) and `isotonic` the straight lines through the points of
    `curve`, both the chance of a right answer as it was fitted. Unused places give 0.
    """
    if kind == "none" or not scores.size:
        return np.where(used, scores, 0).astype(np.float32)
    values = np.where(used, scores, np.nan).astype(np.float64)
    # A query without a single candidate has nothing to calibrate, and NumPy would warn of it.
    values[~used.any(axis=1)] = 0.0
    if kind in FITTED:
        chances = _chances(values, kind, curve)
        return np.where(used, chances, 0).astype(np.float32)
    if kind == "minmax":
        low, high = np.nanmin(values, axis=1, keepdims=True), np.nanmax(values, axis=1, keepdims=True)
        centre, spread = low, high - low
    else:
        centre = np.nanmean(values, axis=1, keepdims=True)
        spread = np.nanstd(values, axis=1, keepdims=True)
    flat = spread < _MIN_SPREAD
    calibrated = (values - centre) / np.where(flat, 1.0, spread)
    return np.where(used & ~flat, calibrated, 0).astype(np.float32)


def _chances(values: NDArray[np.float64], kind: Calibration, curve: tuple[float, ...]) -> NDArray[np.float64]:
    if kind == "isotonic":
        return np.asarray(np.interp(values, curve[0::2], curve[1::2]))
    slope, intercept = curve
    # tanh, unlike exp, cannot overflow.
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (slope * values + intercept))))
