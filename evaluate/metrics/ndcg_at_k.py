"""ndcg@K: how much of the gain of the best possible K results was found, early ranks counting more."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import MeanMetric, Metric, require_relevant, required_k
from evaluate.outcome import Outcome


def normalised_gain(outcome: Outcome, k: int) -> FloatArray:
    """Compute DCG / ideal DCG for each query, (Q,), with DCG = sum over i = 1..k of gain(i) / log2(i + 1).

    The gain is taken as it is (not 2^gain - 1): the grade of the image where the truth has grades, else
    1 for a correct one. The ideal ranks all relevant images, best first, and is cut at k too.
    Source: Järvelin and Kekäläinen, TOIS 2002, with the discount of trec_eval and scikit-learn.

    Raises:
        EvaluationError: a query has no relevant image.
    """
    require_relevant(outcome, f"ndcg@{k}")
    if outcome.gains is None:
        ranked = outcome.hits[:, :k].astype(np.float64)
        # With gains of 1 the ideal is the sum of the first min(m, k) discounts.
        totals = np.cumsum(_discounts(k))
        ideal = totals[np.minimum(outcome.num_relevant, k) - 1]
    else:
        ranked = outcome.gains.ranked[:, :k]
        best = outcome.gains.ideal[:, :k]
        ideal = best @ _discounts(best.shape[1])
    return np.asarray(ranked @ _discounts(ranked.shape[1]) / ideal)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    depth = required_k("ndcg@K", k)
    return MeanMetric(f"ndcg@{depth}", lambda outcome: normalised_gain(outcome, depth), depth)


def _discounts(num_ranks: int) -> FloatArray:
    return 1 / np.log2(np.arange(2, num_ranks + 2))
