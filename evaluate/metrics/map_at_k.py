"""map@K, the figure of GLDv2 retrieval: mean average precision over the first K results."""

from evaluate.arrays import FloatArray
from evaluate.dialects import GLDV2
from evaluate.metric import MeanMetric, Metric, require_relevant, required_k
from evaluate.outcome import Outcome


def average_precision(outcome: Outcome, k: int) -> FloatArray:
    """Compute 1 / min(m, k) * sum over ranks i = 1..k of P(i) * rel(i) for each query, (Q,), in [0, 1].

    m counts the relevant images of the query, P(i) is the precision after rank i, rel(i) is 1 at a hit.
    At most k images can be found, hence min(m, k): a perfect ranking scores 1. One without an answer
    scores 0. Source: Weyand et al., CVPR 2020 (GLDv2 retrieval task).

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, f"map@{k}")
    return GLDV2.average_precision(outcome, k)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    depth = required_k("map@K", k)
    return MeanMetric(f"map@{depth}", lambda outcome: average_precision(outcome, depth), depth)
