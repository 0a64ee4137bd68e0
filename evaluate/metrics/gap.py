"""gap, the figure of GLDv2 recognition (also µAP): average precision over all first answers at once."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evaluate.arrays import BoolArray, FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.metric import Metric, check_weights, refuse_k
from evaluate.outcome import Outcome


@dataclass(frozen=True)
class GlobalAveragePrecision:
    """1 / M * sum over i of P(i) * rel(i), over the first answers of all queries, surest first.

    M counts the queries that show a landmark (those with a relevant image), answered or not. A query
    without an answer takes no place in the list; one without a landmark takes it and is wrong. Equal
    confidences stand in the order of the queries' ids.

    Under weights the copies of a query are one answer of that weight, with the precision behind the
    last of them: which copy came first has no meaning, and twice every weight is the same figure. NaN
    where M is 0. Source: Perronnin et al., CVPR 2009; Weyand et al., CVPR 2020 (GLDv2 recognition task).
    """

    # Only the first answer counts, and what it adds depends on all answers that are surer.
    depth: ClassVar[int | None] = 1
    is_mean: ClassVar[bool] = False
    lower_is_better: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """`gap`."""
        return "gap"

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Give each query the P(i) * rel(i) of its answer, (Q,), in [0, 1]; their sum is M * gap.

        So a query can gain by an answer that is as right as before but surer, and the differences of two
        runs add up to the difference of their figures. It is 0 for one without an answer or a landmark.
        """
        values = np.zeros(outcome.num_queries)
        order, right = _sorted_answers(outcome)
        values[order] = np.cumsum(right) / np.arange(1, order.size + 1) * right
        return values

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Compute the figure under each row of `weights` (R, Q)."""
        check_weights(outcome, weights)
        order, right = _sorted_answers(outcome)
        ordered = weights[:, order]
        # Only right answers add anything: few columns are left for the rest.
        answered, found = np.cumsum(ordered, axis=1)[:, right], ordered[:, right]
        precision = np.cumsum(found, axis=1)
        np.divide(precision, answered, out=precision, where=answered > 0)
        sums = (precision * found).sum(axis=1)
        totals = weights @ (outcome.num_relevant > 0).astype(np.float64)
        return np.asarray(np.divide(sums, totals, out=np.full(totals.shape, np.nan), where=totals > 0))


def build(k: int | None) -> Metric:
    """Make the metric; it takes no k."""
    refuse_k("gap", k)
    return GlobalAveragePrecision()


def _sorted_answers(outcome: Outcome) -> tuple[IntArray, BoolArray]:
    """Give the places of the answered queries, surest first, and whether each answer is right."""
    if outcome.confidences is None:
        raise EvaluationError(
            "gap needs confidences: give predictions id,landmarks or rankings with the column score"
        )
    order = np.lexsort((outcome.confidences.tie_order, -outcome.confidences.values))
    order = order[outcome.num_answers[order] > 0]
    return order, np.asarray(outcome.hits[order, :1].any(axis=1))
