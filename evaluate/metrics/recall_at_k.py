"""recall@K: the share of queries that have a correct image among their first K results."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, require_relevant, required_k
from evaluate.outcome import Outcome


def any_hit(outcome: Outcome, k: int) -> FloatArray:
    """Give each query 1 with at least one hit in the first k, else 0, (Q,), however many are relevant.

    This is the recall of place recognition, not the share of relevant images that were found.
    Source: Arandjelovic et al., CVPR 2016 (NetVLAD).

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, f"recall@{k}")
    return np.asarray(outcome.hits[:, :k].any(axis=1), dtype=np.float64)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    depth = required_k("recall@K", k)
    return MeanMetric(f"recall@{depth}", lambda outcome: any_hit(outcome, depth), depth)
