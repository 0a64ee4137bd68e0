"""hit@K: as recall@K, under the name that one- and k-shot studies give it (or accuracy)."""

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, require_relevant, required_k
from evaluate.metrics.recall_at_k import any_hit
from evaluate.outcome import Outcome


def hit(outcome: Outcome, k: int) -> FloatArray:
    """Give each query 1 with at least one hit in the first k, else 0, (Q,).

    The recall@K of place recognition is the same number. Source: trec_eval, `success_k`.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, f"hit@{k}")
    return any_hit(outcome, k)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    depth = required_k("hit@K", k)
    return MeanMetric(f"hit@{depth}", lambda outcome: hit(outcome, depth), depth)
