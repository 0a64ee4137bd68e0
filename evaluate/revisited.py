"""The sets easy, medium and hard of revisited Oxford and Paris: average precision and mP@k of each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluate.arrays import BoolArray, FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.metric import MeanMetric, Metric, refuse_k, required_k
from evaluate.outcome import Outcome
from evaluate.outcome_parts import EASY, HARD

Subset = Literal["easy", "medium", "hard"]


def average_precision(outcome: Outcome, subset: Subset) -> FloatArray:
    """Compute the average precision of each query on one set, (Q,), NaN where it has no image there.

    Hard images leave the rankings for the set easy and easy ones for hard, as junk has left them before,
    and ranks close up. Each hit adds a trapezoid (see `trapezoids`), and the sum is divided by m. What a
    ranking does not hold was not found. Source: Radenović et al., CVPR 2018, and the program that came
    with it (compute_ap).

    Raises:
        EvaluationError: the truth does not tell easy from hard.
    """
    cleaned = _clean(outcome, subset, f"roxford-{subset}")
    return _ratio(trapezoids(cleaned.hits, cleaned.ranks).sum(axis=1), cleaned.num_relevant)


def precision(outcome: Outcome, subset: Subset, k: int) -> FloatArray:
    """Compute mP@k of each query on one set, (Q,), NaN where it has no image there.

    The hits among the first n = min(k, rank of the last correct image) results, divided by n, where ranks
    count from 1 and close up as in `average_precision`. A correct image that the ranking does not hold
    lies behind its end, so n is k unless all are found: a ranking that stops early gains nothing by it,
    and one that is cut behind k scores what the whole one does. Source: as there (compute_map).

    Raises:
        EvaluationError: the truth does not tell easy from hard.
    """
    cleaned = _clean(outcome, subset, f"roxford-{subset}-mp@{k}")
    last = np.where(cleaned.hits, cleaned.ranks + 1, 0).max(axis=1, initial=0)
    all_found = cleaned.hits.sum(axis=1) == cleaned.num_relevant
    found = (cleaned.hits & (cleaned.ranks < k)).sum(axis=1)
    # Without a relevant image all are found and the last rank is 0: NaN.
    return _ratio(found, np.where(all_found, np.minimum(last, k), k))


def trapezoids(hits: BoolArray, ranks: IntArray) -> FloatArray:
    """Give the area (Q, K) that each hit adds, m times enlarged, at its rank from 0, `ranks` (Q, K).

    It is (before + after) / 2: the precision before the j-th hit (j from 0) at rank r, j / r or 1 if
    r = 0, and behind it, (j + 1) / (r + 1).
    """
    found = np.cumsum(hits, axis=1)
    before = np.divide(found - 1, ranks, out=np.ones(hits.shape), where=ranks > 0)
    return np.where(hits, (before + found / (ranks + 1)) / 2, 0.0)


def build_average_precision(subset: Subset, k: int | None) -> Metric:
    """Make the metric `roxford-easy` or its like; it takes no k."""
    name = f"roxford-{subset}"
    refuse_k(name, k)
    return MeanMetric(name, lambda outcome: average_precision(outcome, subset), None)


def build_precision(subset: Subset, k: int | None) -> Metric:
    """Make the metric `roxford-easy-mp@K` or its like."""
    length = required_k(f"roxford-{subset}-mp@K", k)
    # Where images of another kind leave the ranking, what stands behind k moves up.
    depth = length if subset == "medium" else None
    return MeanMetric(
        f"roxford-{subset}-mp@{length}", lambda outcome: precision(outcome, subset, length), depth
    )


@dataclass(frozen=True, eq=False)
class _Cleaned:
    """The hits of one set (Q, K), their ranks from 0 once the rest has left, (Q, K), and m (Q,)."""

    hits: BoolArray
    ranks: IntArray
    num_relevant: IntArray


def _clean(outcome: Outcome, subset: Subset, name: str) -> _Cleaned:
    if outcome.difficulty is None:
        raise EvaluationError(f"{name} needs the truth of revisited Oxford or Paris (easy, hard, junk)")
    kinds, num_easy, num_hard = (
        outcome.difficulty.kinds,
        outcome.difficulty.num_easy,
        outcome.difficulty.num_hard,
    )
    if subset == "medium":
        correct, leaves, num_relevant = kinds != 0, np.zeros(kinds.shape, dtype=np.bool_), num_easy + num_hard
    elif subset == "easy":
        correct, leaves, num_relevant = kinds == EASY, kinds == HARD, num_easy
    else:
        correct, leaves, num_relevant = kinds == HARD, kinds == EASY, num_hard
    # Where an image itself leaves, its rank means nothing; hits never do, and their ranks are 0 or more.
    return _Cleaned(outcome.hits & correct, np.maximum(np.cumsum(~leaves, axis=1) - 1, 0), num_relevant)


def _ratio(sums: FloatArray | IntArray, counts: IntArray) -> FloatArray:
    return np.asarray(np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0))
