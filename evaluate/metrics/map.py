"""map: mean average precision over rankings of full length."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, refuse_k, require_relevant
from evaluate.outcome import Outcome


def full_average_precision(outcome: Outcome) -> FloatArray:
    """Compute 1 / m * sum over all ranks i of P(i) * rel(i) for each query, (Q,), m its relevant images.

    A relevant image that is not in the ranking was not found and adds nothing, so the figures of
    rankings of different lengths do not compare. Source: trec_eval, `map`; equal to scikit-learn's
    average_precision_score on rankings of the whole database.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, "map")
    ranks = np.arange(1, outcome.hits.shape[1] + 1)
    precision_at_hits = np.cumsum(outcome.hits, axis=1) / ranks * outcome.hits
    return np.asarray(precision_at_hits.sum(axis=1) / outcome.num_relevant)


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("map", k)
    return MeanMetric("map", full_average_precision, None)
