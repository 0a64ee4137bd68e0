"""How precision and the share of what is found change along the ranking, as lines for a chart.

Every line is a mean over the queries that have a relevant image; the others are left out. A rank beyond
the end of a short ranking holds nothing that is correct. The band is the 95 % interval of the mean by
the normal approximation, mean -+ 1.96 s / sqrt(Q), cut to 0..1; a single query has no band.
"""

from collections.abc import Callable

import numpy as np

from evaluate.arrays import BoolArray, FloatArray, IntArray
from evaluate.outcome import Outcome
from evaluate.reporting.document import Series

BAND = "Means over queries with 95 % bands by the normal approximation."

_RECALL_PERCENT = np.arange(101)
_MAX_RANKS = 200
# Entries of an array held at once, queries x ranks: 8 MB of float64.
_MAX_ENTRIES = 1_000_000
# The 97.5 % quantile of the normal distribution.
_DEVIATIONS = 1.959963984540054


def precision_recall(outcome: Outcome, name: str = "precision") -> Series:
    """Average interpolated precision over queries at the recalls 0, 0.01, ..., 1.

    The interpolated precision of a query at recall r is the best precision after any rank at which its
    recall is r or more, and 0 where its ranking never gets there.
    Source: Manning et al., Introduction to Information Retrieval, 2008, section 8.4.

    Raises:
        ValueError: no query has a relevant image.
    """
    return _mean(name, _RECALL_PERCENT / 100, outcome, _interpolated_precision)


def hit_rate(outcome: Outcome, name: str = "hit rate") -> Series:
    """Give the share of queries with a hit within the first k ranks, k = 1..K.

    It is also called the cumulative matching characteristic (CMC).

    Raises:
        ValueError: no query has a relevant image.
    """
    ranks = _ranks(outcome)
    return _mean(name, ranks, outcome, lambda hits, _: _hits_within(hits, ranks) > 0)


def precision_at_rank(outcome: Outcome, name: str = "precision") -> Series:
    """Average over queries the hits within the first k ranks, divided by k, k = 1..K.

    Raises:
        ValueError: no query has a relevant image.
    """
    ranks = _ranks(outcome)
    return _mean(name, ranks, outcome, lambda hits, _: _hits_within(hits, ranks) / ranks)


def found_share(outcome: Outcome, name: str = "found") -> Series:
    """Average over queries the share of all their relevant images within the first k ranks, k = 1..K.

    Raises:
        ValueError: no query has a relevant image.
    """
    ranks = _ranks(outcome)
    return _mean(
        name, ranks, outcome, lambda hits, num_relevant: _hits_within(hits, ranks) / num_relevant[:, None]
    )


def _ranks(outcome: Outcome) -> IntArray:
    """Give the ranks of the points: all, or at most 200 with about equal ratios where there are more.

    1, 2 and 5 times the powers of ten are always there, so that they need no reading between points.
    """
    # A ranking that nobody answered has one rank, without a hit.
    last = max(1, outcome.hits.shape[1])
    if last <= _MAX_RANKS:
        return np.arange(1, last + 1)
    exponents = np.arange(len(str(last)))
    whole = (np.array([[1], [2], [5]]) * 10**exponents).ravel()
    whole = whole[whole <= last]
    between = np.round(np.geomspace(1, last, _MAX_RANKS - len(whole))).astype(np.int64)
    return np.union1d(between, whole)


def _hits_within(hits: BoolArray, ranks: IntArray) -> IntArray:
    """Count the hits of each query at `ranks` (P,) and before, (Q, P)."""
    return np.asarray(np.cumsum(hits, axis=1)[:, ranks - 1])


def _interpolated_precision(hits: BoolArray, num_relevant: IntArray) -> FloatArray:
    """Compute the interpolated precision (Q, 101) at the recall levels."""
    found = np.cumsum(hits, axis=1)
    precision = found / np.arange(1, hits.shape[1] + 1)
    best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # In whole numbers, since 0.07 x 100 is above 7 in floats. Recall 0 is reached at the first hit as well:
    # precision is no better anywhere else.
    needed = np.maximum(1, -(-_RECALL_PERCENT * num_relevant[:, None] // 100))
    queries, ranks = np.nonzero(hits)
    starts = np.searchsorted(queries, np.arange(len(hits)))
    reached = needed <= found[:, -1:]
    places = np.where(reached, starts[:, None] + needed - 1, 0)
    rank_of_needed = ranks[places] if ranks.size else np.zeros_like(places)
    values = np.take_along_axis(best_from_here, rank_of_needed, axis=1)
    return np.where(reached, values, 0.0)


def _mean(
    name: str,
    x: FloatArray | IntArray,
    outcome: Outcome,
    score: Callable[[BoolArray, IntArray], FloatArray | IntArray | BoolArray],
) -> Series:
    """Average what `score` makes of hits (q, K) and relevant images (q,), values (q, P) in 0..1."""
    defined = np.flatnonzero(outcome.num_relevant > 0)
    count = len(defined)
    if not count:
        raise ValueError("a curve needs a query with a relevant image, and there is none")
    total, squares = np.zeros(len(x)), np.zeros(len(x))
    rows = max(1, _MAX_ENTRIES // max(outcome.hits.shape[1], len(x)))
    for start in range(0, count, rows):
        chunk = defined[start : start + rows]
        hits = outcome.hits[chunk] if outcome.hits.shape[1] else np.zeros((len(chunk), 1), np.bool_)
        values = score(hits, outcome.num_relevant[chunk]).astype(np.float64)
        total += values.sum(axis=0)
        squares += np.square(values).sum(axis=0)
    mean = np.clip(total / count, 0.0, 1.0)
    if count == 1:
        return Series(name, tuple(x.tolist()), tuple(mean.tolist()))
    variance = np.maximum(0.0, squares - count * mean**2) / (count - 1)
    margin = _DEVIATIONS * np.sqrt(variance / count)
    low, high = np.clip(mean - margin, 0.0, 1.0), np.clip(mean + margin, 0.0, 1.0)
    return Series(name, tuple(x.tolist()), tuple(mean.tolist()), tuple(low.tolist()), tuple(high.tolist()))
