"""first-hit: the mean rank of the first correct image among the first 100; lower is better."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, refuse_k, require_relevant
from evaluate.outcome import Outcome

DEPTH = 100


def first_rank(outcome: Outcome, name: str) -> FloatArray:
    """Give the rank of each query's first hit within 100, (Q,), from 1; a query without one counts as 101.

    The bound is the same for every query and every system: nobody gains by leaving a query out or by
    ranking less, and no figure depends on how long other rankings are. Source: the metrics of Google
    Landmarks in tensorflow/models (delf, MeanMedianPosition), with the 100 ranks of that challenge.

    Raises:
        EvaluationError: a query has no relevant image; the message opens with `name`.
    """
    require_relevant(outcome, name)
    hits = outcome.hits[:, :DEPTH]
    # A hit behind the last rank for all: argmax finds it where there is no other.
    ends = np.ones((hits.shape[0], 1), dtype=np.bool_)
    places = np.concatenate([hits, ends], axis=1).argmax(axis=1)
    return np.where(hits.any(axis=1), places + 1.0, DEPTH + 1.0)


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("first-hit", k)
    return MeanMetric(
        "first-hit", lambda outcome: first_rank(outcome, "first-hit"), DEPTH, lower_is_better=True
    )
