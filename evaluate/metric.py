"""The contract of a metric, and what metrics that are a mean over queries have in common."""

from typing import Protocol

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.outcome import Outcome


class Metric(Protocol):
    """One way to turn an outcome into a figure.

    A metric is a module of `evaluate.metrics`: it has `build(k)` and nothing else lists it.
    """

    @property
    def name(self) -> str:
        """The name that reports print and that `evaluate.metrics.parse` reads, such as "map@100"."""
        ...

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Score each query alone, (Q,); where two runs are compared, these are the pairs."""
        ...

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Compute the figure R times, (R,): in the r-th, query q stands in the list weights[r, q] times.

        `weights` (R, Q) are 0 or more and no row of them is all 0; all ones give the plain figure.
        """
        ...


def check_weights(outcome: Outcome, weights: FloatArray) -> None:
    """Raise ValueError unless the weights are as `Metric.figure` wants them."""
    if weights.ndim != 2 or weights.shape[1] != outcome.num_queries:
        raise ValueError(f"weights must be (R, {outcome.num_queries}), got {weights.shape}")
    if not ((weights.min(axis=1, initial=0.0) >= 0) & (weights.sum(axis=1) > 0)).all():
        raise ValueError("weights must be 0 or more, and more than 0 somewhere in each row")


def weighted_mean(outcome: Outcome, values: FloatArray, weights: FloatArray) -> FloatArray:
    """Average `values` (Q,) under each row of `weights` (R, Q)."""
    check_weights(outcome, weights)
    return np.asarray(weights @ values / weights.sum(axis=1))


def require_relevant(outcome: Outcome, name: str) -> None:
    """Raise ValueError if a query has no relevant image: for such a one the metric `name` is not defined."""
    empty = np.flatnonzero(outcome.num_relevant < 1)
    if empty.size:
        raise ValueError(f"{name} is not defined without relevant images, which query {empty[0]} has none of")
