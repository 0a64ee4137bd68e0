"""r-precision: the precision after as many results as the query has relevant images."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, refuse_k, require_relevant
from evaluate.outcome import Outcome


def precision_at_r(outcome: Outcome) -> FloatArray:
    """Compute 1 / m * sum over ranks i = 1..m of rel(i) for each query, (Q,), m its relevant images.

    A ranking shorter than m is filled up with wrong results. Source: trec_eval, `Rprec`.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, "r-precision")
    ranks = np.arange(1, outcome.hits.shape[1] + 1)
    counted = outcome.hits & (ranks <= outcome.num_relevant[:, None])
    return np.asarray(counted.sum(axis=1) / outcome.num_relevant)


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("r-precision", k)
    return MeanMetric("r-precision", precision_at_r, None)
