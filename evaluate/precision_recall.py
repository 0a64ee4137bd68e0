"""Precision and recall of a yes or no that a score decides: the curve, its area and how sure that is."""

from dataclasses import dataclass

import numpy as np

from evaluate.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision and recall (T,) of saying yes from each of `thresholds` (T,) on, which fall."""

    thresholds: FloatArray
    precision: FloatArray
    recall: FloatArray


def curve(scores: FloatArray, positive: BoolArray) -> Curve:
    """Hold `scores` (N,) against what is right, `positive` (N,); equal scores share a threshold.

    Raises:
        ValueError: nothing is positive, so that recall means nothing.
    """
    order, ends = _order(scores, positive)
    found = np.cumsum(positive[order])[ends]
    return Curve(scores[order][ends], found / (ends + 1), found / found[-1])


def average_precision(scores: FloatArray, positive: BoolArray, weights: FloatArray) -> FloatArray:
    """Compute the area under the curve R times, (R,): in the r-th, answer n counts weights[r, n] times.

    The area is a sum of steps, each rise of recall times the precision there; a line without anything
    positive gives 0. It agrees with scikit-learn's average_precision_score.

    Raises:
        ValueError: nothing is positive at all.
    """
    order, ends = _order(scores, positive)
    found = np.cumsum(weights[:, order] * positive[order], axis=1)[:, ends]
    said = np.cumsum(weights[:, order], axis=1)[:, ends]
    rises = np.diff(found, axis=1, prepend=0.0)
    precision = np.divide(found, said, out=np.zeros_like(found), where=said > 0)
    total = found[:, -1]
    areas = (rises * precision).sum(axis=1)
    return np.asarray(np.divide(areas, total, out=np.zeros_like(total), where=total > 0))


def _order(scores: FloatArray, positive: BoolArray) -> tuple[IntArray, IntArray]:
    """Give the places of falling scores and where each run of equal ones ends."""
    if scores.ndim != 1 or scores.shape != positive.shape or not positive.any():
        raise ValueError("scores and positive must be (N,), something positive among them")
    order = np.argsort(-scores, kind="stable")
    return order, np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
