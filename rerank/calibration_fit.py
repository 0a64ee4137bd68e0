"""Fit the calibrations that learn from answers: from a local score to the chance that it is right."""

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from rerank.calibration import Calibration

# Fewer answers than this say nothing of a chance.
MIN_ANSWERS = 10
# A curve of this many points is within a hair of the fitted one and still fits a recipe that people read.
_MAX_KNOTS = 64

_MAX_STEPS = 100
_MIN_GRADIENT = 1e-10
# Keeps the matrix of second derivatives invertible where all chances are nearly 0 or 1.
_RIDGE = 1e-12
# A step is halved until it lowers the loss by this part of what its slope promises (Lin et al., 2007).
_SUFFICIENT = 1e-4
_MIN_STEP = 1e-10


def fit(kind: Calibration, scores: NDArray[np.floating], correct: NDArray[np.bool_]) -> tuple[float, ...]:
    """Give the curve that `rerank.calibration` wants for `kind`; those that are not fitted take none.

    Raises:
        ConfigError: see `fit_sigmoid`.
    """
    if kind == "sigmoid":
        return fit_sigmoid(scores, correct)
    if kind == "isotonic":
        return fit_isotonic(scores, correct)
    return ()


def fit_sigmoid(scores: NDArray[np.floating], correct: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and intercept of 1 / (1 + exp(-(slope * score + intercept))) to `scores`, `correct` (n,).

    The targets are not 1 and 0 but (n+ + 1) / (n+ + 2) and 1 / (n- + 2), so that scores which part right
    from wrong still give a finite slope. Source: Platt 1999; Newton's method with halved steps of Lin, Lin
    and Weng, A note on Platt's probabilistic outputs, 2007.

    Raises:
        ConfigError: too few scores, one that is no number, or all are right, or all wrong.
    """
    values = _checked(scores, correct)
    wins = int(correct.sum())
    targets = np.where(correct, (wins + 1) / (wins + 2), 1 / (len(values) - wins + 2))
    centre, spread = float(values.mean()), float(values.std())
    if spread == 0.0:
        mean = float(targets.mean())
        return 0.0, float(np.log(mean / (1 - mean)))
    # Newton's steps do not depend on the scale, their rounding does.
    inputs = np.column_stack([(values - centre) / spread, np.ones(len(values))])
    slope, intercept = _newton(inputs, targets)
    return slope / spread, intercept - slope * centre / spread


def fit_isotonic(scores: NDArray[np.floating], correct: NDArray[np.bool_]) -> tuple[float, ...]:
    """Fit a rising curve to `scores`, `correct` (n,): score, chance, score, chance, … at most 64 points.

    Source: Zadrozny and Elkan 2002, in scikit-learn's program; points that lie on the line through their
    neighbours, or nearly so, are left out.

    Raises:
        ConfigError: see `fit_sigmoid`.
    """
    from sklearn.isotonic import IsotonicRegression

    values = _checked(scores, correct)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(values, correct.astype(np.float64))
    points, chances = _thinned(fitted.X_thresholds_, fitted.y_thresholds_)
    return tuple(np.column_stack([points, chances]).ravel().tolist())


def _checked(scores: NDArray[np.floating], correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    if scores.ndim != 1 or scores.shape != correct.shape or correct.dtype != np.bool_:
        raise ValueError(f"scores and correct must be (n,), got {scores.shape}, {correct.shape}")
    if len(scores) < MIN_ANSWERS:
        raise ConfigError(
            f"a calibration needs at least {MIN_ANSWERS} answers to fit, got {len(scores)}; give more queries"
        )
    if not np.isfinite(scores).all():
        raise ConfigError("a calibration cannot be fitted to scores that are not finite numbers")
    if correct.all() or not correct.any():
        raise ConfigError(
            f"all {len(scores)} answers are {'right' if correct.all() else 'wrong'}: a calibration needs "
            "both to fit; give more queries, or harder ones"
        )
    return scores.astype(np.float64)


def _newton(inputs: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[float, float]:
    mean = targets.mean()
    weights = np.array([0.0, np.log(mean / (1 - mean))])
    loss = _loss(inputs @ weights, targets)
    for _ in range(_MAX_STEPS):
        chances = 0.5 * (1.0 + np.tanh(0.5 * (inputs @ weights)))
        gradient = inputs.T @ (chances - targets)
        if np.abs(gradient).max() < _MIN_GRADIENT * len(targets):
            break
        curvature = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        direction = -np.linalg.solve(curvature, gradient)
        step = 1.0
        while step > _MIN_STEP:
            lowered = _loss(inputs @ (weights + step * direction), targets)
            if lowered <= loss + _SUFFICIENT * step * float(gradient @ direction):
                break
            step /= 2
        else:
            break
        weights, loss = weights + step * direction, lowered
    return float(weights[0]), float(weights[1])


def _loss(inputs: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    return float((np.logaddexp(0.0, inputs) - targets * inputs).sum())


def _thinned(
    points: NDArray[np.float64], chances: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leave out, one after the other, the point that the line through its neighbours misses least."""
    while len(points) > _MAX_KNOTS:
        share = (points[1:-1] - points[:-2]) / (points[2:] - points[:-2])
        between = chances[:-2] + share * (chances[2:] - chances[:-2])
        least = 1 + int(np.argmin(np.abs(chances[1:-1] - between)))
        points, chances = np.delete(points, least), np.delete(chances, least)
    return points, chances
