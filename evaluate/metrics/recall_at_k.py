"""recall@K: the share of queries that have a correct image among their first K results."""

from dataclasses import dataclass

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import Metric, require_relevant, weighted_mean
from evaluate.outcome import Outcome


@dataclass(frozen=True)
class Recall:
    """A query scores 1 with at least one hit in the first k, else 0, however many are relevant.

    This is the recall of place recognition, not the share of relevant images that were found.
    Source: Arandjelovic et al., CVPR 2016 (NetVLAD).
    """

    k: int

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k must be 1 or more, got {self.k}")

    @property
    def name(self) -> str:
        """`recall@` and k."""
        return f"recall@{self.k}"

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Give each query 1 or 0, (Q,)."""
        require_relevant(outcome, self.name)
        return np.asarray(outcome.hits[:, : self.k].any(axis=1), dtype=np.float64)

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Average over queries under each row of `weights` (R, Q)."""
        return weighted_mean(outcome, self.per_query(outcome), weights)


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results."""
    if k is None:
        raise ValueError("recall@K needs k")
    return Recall(k)
