"""map@r: mean average precision over as many results as the query has relevant images (its r)."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, refuse_k, require_relevant
from evaluate.outcome import Outcome


def average_precision_at_r(outcome: Outcome) -> FloatArray:
    """Compute 1 / m * sum over ranks i = 1..m of P(i) * rel(i) for each query, (Q,), m its relevant images.

    Source: Musgrave et al., ECCV 2020 (A Metric Learning Reality Check), whose R is our m.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, "map@r")
    ranks = np.arange(1, outcome.hits.shape[1] + 1)
    counted = outcome.hits & (ranks <= outcome.num_relevant[:, None])
    precision_at_hits = np.cumsum(counted, axis=1) / ranks * counted
    return np.asarray(precision_at_hits.sum(axis=1) / outcome.num_relevant)


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k, for r is each query's own."""
    refuse_k("map@r", k)
    return MeanMetric("map@r", average_precision_at_r, None)
