"""precision@K: the share of the first K results that are correct."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, require_relevant, required_k
from evaluate.outcome import Outcome


def precision(outcome: Outcome, k: int) -> FloatArray:
    """Compute 1 / k * sum over ranks i = 1..k of rel(i) for each query, (Q,), in [0, 1].

    It is divided by k even where a ranking is shorter: a missing result is a wrong one. A query with
    fewer than k relevant images cannot reach 1. Source: trec_eval, `P_k`.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, f"precision@{k}")
    return np.asarray(outcome.hits[:, :k].sum(axis=1) / k)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    depth = required_k("precision@K", k)
    return MeanMetric(f"precision@{depth}", lambda outcome: precision(outcome, depth), depth)
