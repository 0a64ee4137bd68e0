"""first-hit-median: the median rank of the first correct image among the first 100; lower is better."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import Metric, check_weights, refuse_k
from evaluate.metrics.first_hit import DEPTH, first_rank
from evaluate.outcome import Outcome


@dataclass(frozen=True)
class FirstHitMedian:
    """The median over queries of the rank of the first hit, 101 where there is none within 100.

    Under weights it is the median of the list in which each query stands as often as its weight says;
    between two middle values it is their mean. Source: as `evaluate.metrics.first_hit.first_rank`.
    """

    depth: ClassVar[int | None] = DEPTH
    is_mean: ClassVar[bool] = False
    lower_is_better: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """`first-hit-median`."""
        return "first-hit-median"

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Give the rank of each query's first hit, (Q,)."""
        return first_rank(outcome, self.name)

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Take the median under each row of `weights` (R, Q)."""
        check_weights(outcome, weights)
        ranks = self.per_query(outcome)
        order = np.argsort(ranks, kind="stable")
        counts = np.cumsum(weights[:, order], axis=1)
        half = counts[:, -1:] / 2
        lower = ranks[order][(counts >= half).argmax(axis=1)]
        upper = ranks[order][(counts > half).argmax(axis=1)]
        return np.asarray((lower + upper) / 2)


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("first-hit-median", k)
    return FirstHitMedian()
