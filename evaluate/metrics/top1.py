"""top1: the share of the queries that show a landmark whose first answer is right."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, refuse_k
from evaluate.outcome import Outcome


def first_is_right(outcome: Outcome) -> FloatArray:
    """Give each query 1 where its first answer is correct, else 0, (Q,); NaN where nothing is relevant.

    A query that shows no landmark has no right answer and is left out; one that shows a landmark and
    has no answer is wrong. Source: the metrics of Google Landmarks in tensorflow/models (delf,
    Top1Accuracy).
    """
    right = outcome.hits[:, :1].any(axis=1)
    return np.where(outcome.num_relevant > 0, right, np.nan)


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("top1", k)
    return MeanMetric("top1", first_is_right, 1)
