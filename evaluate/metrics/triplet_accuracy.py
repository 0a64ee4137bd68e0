"""triplet-accuracy: how often a correct image is ranked above a wrong one."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.errors import EvaluationError
from evaluate.metric import MeanMetric, Metric, refuse_k
from evaluate.outcome import Outcome


def ordered_pairs(outcome: Outcome) -> FloatArray:
    """Compute for each query the share of its (correct, wrong) pairs of images that are in order, (Q,).

    The pairs are those of the whole database: 1 / (m * n) * sum over hits of (n - wrong ones above),
    m images being correct and n wrong. What is not ranked lies behind all that is, and a pair of two
    such images is undecided and counts as not in order. Ignored images, such as the query's own, and
    repeats are in no pair. NaN where there is no pair. On rankings of the whole database this is the area
    under the ROC curve. Source: ours; from distances of given triplets:
    `evaluate.embeddings.triplet_accuracy`.

    Raises:
        EvaluationError: nobody knows how many wrong images there are.
    """
    if outcome.irrelevant is None:
        raise EvaluationError(
            "triplet-accuracy needs the number of wrong images; list all images that were searched (--index)"
        )
    num_wrong = outcome.irrelevant.num
    in_order = num_wrong[:, None] - np.cumsum(outcome.irrelevant.ranked, axis=1)
    num_in_order = np.where(outcome.hits, in_order, 0).sum(axis=1).astype(np.float64)
    num_pairs = outcome.num_relevant * num_wrong
    return np.asarray(
        np.divide(num_in_order, num_pairs, out=np.full(num_pairs.shape, np.nan), where=num_pairs > 0)
    )


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("triplet-accuracy", k)
    return MeanMetric("triplet-accuracy", ordered_pairs, None)
