"""mrr: the mean of 1 / rank of the first hit."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, refuse_k, require_relevant
from evaluate.outcome import Outcome


def reciprocal_rank(outcome: Outcome) -> FloatArray:
    """Compute 1 / rank of the first hit for each query, (Q,), and 0 where there is none.

    All ranks count, so that a longer ranking can only score more. Source: Voorhees, TREC-8, 1999.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, "mrr")
    ranks = np.arange(1, outcome.hits.shape[1] + 1)
    return np.asarray((outcome.hits / ranks).max(axis=1, initial=0.0))


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("mrr", k)
    return MeanMetric("mrr", reciprocal_rank, None)
