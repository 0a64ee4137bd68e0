"""The contract of a metric, and the metrics that are a mean over queries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.errors import EvaluationError
from evaluate.outcome import Outcome


class Metric(Protocol):
    """One way to turn an outcome into a figure.

    A metric is a module of `evaluate.metrics`: it has `build(k)` and nothing else lists it.
    """

    @property
    def name(self) -> str:
        """The name that reports print and that `evaluate.metrics.parse` reads, such as "map@100"."""
        ...

    @property
    def depth(self) -> int | None:
        """How many ranks to ask a system for, so that the metric is right; None for all that there are."""
        ...

    @property
    def is_mean(self) -> bool:
        """True where the figure is the mean of `per_query` over the queries that count."""
        ...

    @property
    def lower_is_better(self) -> bool:
        """True where a smaller figure is the better one."""
        ...

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Score each query alone, (Q,), NaN where the metric leaves it out; runs are compared on these."""
        ...

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Compute the figure R times, (R,): in the r-th, query q stands in the list weights[r, q] times.

        `weights` (R, Q) are 0 or more and no row of them is all 0; all ones give the plain figure. It is
        NaN where no query with a weight counts.
        """
        ...


@dataclass(frozen=True)
class MeanMetric:
    """A metric whose figure is the mean over queries of what `scores` gives for each, (Q,), NaN left out."""

    name: str
    scores: Callable[[Outcome], FloatArray] = field(compare=False, repr=False)
    depth: int | None
    lower_is_better: bool = False

    @property
    def is_mean(self) -> bool:
        """True."""
        return True

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Score each query alone, (Q,)."""
        return np.asarray(self.scores(outcome), dtype=np.float64)

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Average over queries under each row of `weights` (R, Q)."""
        return weighted_mean(outcome, self.per_query(outcome), weights)


def check_weights(outcome: Outcome, weights: FloatArray) -> None:
    """Raise ValueError unless the weights are as `Metric.figure` wants them."""
    if weights.ndim != 2 or weights.shape[1] != outcome.num_queries:
        raise ValueError(f"weights must be (R, {outcome.num_queries}), got {weights.shape}")
    if not ((weights.min(axis=1, initial=0.0) >= 0) & (weights.sum(axis=1) > 0)).all():
        raise ValueError("weights must be 0 or more, and more than 0 somewhere in each row")


def weighted_mean(outcome: Outcome, values: FloatArray, weights: FloatArray) -> FloatArray:
    """Average `values` (Q,), where they are numbers, under each row of `weights` (R, Q)."""
    check_weights(outcome, weights)
    counts = ~np.isnan(values)
    totals = weights @ counts.astype(np.float64)
    sums = weights @ np.where(counts, values, 0.0)
    return np.asarray(np.divide(sums, totals, out=np.full(totals.shape, np.nan), where=totals > 0))


def required_k(name: str, k: int | None) -> int:
    """Return `k`, the number of ranks that the metric `name` looks at.

    Raises:
        ValueError: it is missing or below 1.
    """
    if k is None or k < 1:
        raise ValueError(f"{name} needs a k of 1 or more, got {k}")
    return k


def refuse_k(name: str, k: int | None) -> None:
    """Raise ValueError if a `k` is given for the metric `name`, which takes none."""
    if k is not None:
        raise ValueError(f"{name} takes no k")


def require_relevant(outcome: Outcome, name: str) -> None:
    """Raise if a query has no relevant image: for such a one the metric `name` is not defined.

    Raises:
        EvaluationError: there is such a query; it is named by its id where the outcome has ids.
    """
    empty = np.flatnonzero(outcome.num_relevant < 1)
    if empty.size:
        raise EvaluationError(
            f"{name} needs a relevant image for every query, which {outcome.name_of(int(empty[0]))} has not; "
            "mark it Ignored or take it out of the truth"
        )
