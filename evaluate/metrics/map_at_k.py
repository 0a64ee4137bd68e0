"""map@K, the figure of GLDv2 retrieval: mean average precision over the first K results."""

from dataclasses import dataclass

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import Metric, require_relevant, weighted_mean
from evaluate.outcome import Outcome


@dataclass(frozen=True)
class MeanAveragePrecision:
    """The average precision of a query is 1 / min(m, k) * sum over ranks i = 1..k of P(i) * rel(i).

    m counts the relevant images of the query, P(i) is the precision after rank i, rel(i) is 1 at a hit.
    At most k images can be found, hence min(m, k): a perfect ranking scores 1. The figure is the mean
    over all queries; one without an answer scores 0.
    Source: Weyand et al., CVPR 2020 (GLDv2 retrieval task).
    """

    k: int

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k must be 1 or more, got {self.k}")

    @property
    def name(self) -> str:
        """`map@` and k."""
        return f"map@{self.k}"

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Compute the average precision of each query, (Q,), in [0, 1]."""
        require_relevant(outcome, self.name)
        hits = outcome.hits[:, : self.k]
        ranks = np.arange(1, hits.shape[1] + 1)
        precision_at_hits = np.cumsum(hits, axis=1) / ranks * hits
        return np.asarray(precision_at_hits.sum(axis=1) / np.minimum(outcome.num_relevant, self.k))

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Average over queries under each row of `weights` (R, Q)."""
        return weighted_mean(outcome, self.per_query(outcome), weights)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    if k is None:
        raise ValueError("map@K needs k")
    return MeanAveragePrecision(k)
