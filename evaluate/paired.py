"""Two systems on the same queries: the interval of their difference, and a permutation test."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evaluate.arrays import FloatArray
from evaluate.bootstrap import figure_interval, mean_intervals
from evaluate.draws import Block, blocks, shared_out
from evaluate.intervals import ROUNDING, Kind
from evaluate.metric import Metric
from evaluate.outcome import Outcome

# (R, Q) of 0 and 1: whose answers change places. Bytes, since there may be 10,000 x 120,000 of them.
Swaps = npt.NDArray[np.uint8]


def differences(metric: Metric, first: Outcome, second: Outcome) -> FloatArray:
    """Return `first` less `second` query by query, (Q',), without the queries that lack a value in either.

    Raises:
        ValueError: the two have not the same queries, or none of them has a value in both.
    """
    _check_same_queries(first, second)
    values = metric.per_query(first) - metric.per_query(second)
    values = values[~np.isnan(values)]
    if not values.size:
        raise ValueError(f"no query has a value of {metric.name} in both outcomes")
    return values


def difference_interval(
    metric: Metric,
    first: Outcome,
    second: Outcome,
    *,
    kind: Kind = "percentile",
    rng: np.random.Generator | int,
    resamples: int = 10_000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the bootstrap interval of the figure of `first` less that of `second`.

    Both meet the same resamples of the queries, so what makes a query hard for both cancels out. Percentile
    is the default: differences are 0 for most queries and large for a few, which BCa takes for skewness.
    Of 91 such queries it held the true difference 93.1 times in 100, percentile 94.5 times.

    Raises:
        ValueError: the two have not the same queries, or as for `evaluate.bootstrap.interval`.
    """
    if metric.is_mean:
        values = differences(metric, first, second)[None]
        low, high = mean_intervals(values, kind=kind, rng=rng, resamples=resamples, level=level)[0]
        return float(low), float(high)
    _check_same_queries(first, second)
    return figure_interval(
        lambda weights: metric.figure(first, weights) - metric.figure(second, weights),
        first.num_queries,
        kind=kind,
        rng=rng,
        resamples=resamples,
        level=level,
    )


def permutation_p_value(
    metric: Metric,
    first: Outcome,
    second: Outcome,
    *,
    rng: np.random.Generator | int,
    permutations: int = 10_000,
) -> float:
    """Return how often chance alone makes a difference as large, in either direction.

    If the systems were alike, each query's two answers could as well be swapped. Where all ways to swap
    are no more than `permutations`, they are counted and the value is exact; else that many are drawn and
    it is (1 + as large) / (1 + drawn), never 0. Systems that are alike on every query get 1.
    Source: Pitman 1937; Phipson and Smyth 2010 for the 1 +.

    Raises:
        ValueError: the two have not the same queries, `permutations` is below 1, or no query counts.
    """
    if metric.is_mean:
        values = differences(metric, first, second)
        # To swap two equal answers changes nothing: such queries only make exact counting dearer.
        gains = values[np.abs(values) > ROUNDING]
        # Sums between -1 and 1, so that one tolerance fits shares and ranks in the thousands.
        gains /= max(ROUNDING, np.abs(gains).sum())
        total = gains.sum()
        return _p_value(
            lambda swaps: np.asarray(total - 2 * np.einsum("rq,q->r", swaps, gains)),
            gains.size,
            1,
            rng,
            permutations,
        )
    _check_same_queries(first, second)
    # Confidences of two systems have scales of their own: swapped, they are compared by their places.
    both = _placed(first).joined(_placed(second))

    def difference(swaps: Swaps) -> FloatArray:
        kept, swapped = (1 - swaps).astype(np.float64), swaps.astype(np.float64)
        one = metric.figure(both, np.concatenate([kept, swapped], axis=1))
        return one - metric.figure(both, np.concatenate([swapped, kept], axis=1))

    return _p_value(difference, first.num_queries, 2, rng, permutations)


def _placed(outcome: Outcome) -> Outcome:
    return replace(outcome, confidences=outcome.confidences and outcome.confidences.as_places())


def _p_value(
    difference: Callable[[Swaps], FloatArray],
    num_queries: int,
    copies: int,
    rng: np.random.Generator | int,
    permutations: int,
) -> float:
    """Compute the p-value of `difference`, which takes swaps (R, Q) of 0 and 1 and gives R differences.

    `copies` is how many numbers a swapped query takes in what `difference` builds.
    """
    if permutations < 1:
        raise ValueError(f"permutations must be 1 or more, got {permutations}")
    # Compared by its logarithm: 2**120,000 is no number to compute.
    exact = num_queries < permutations.bit_length()
    total = 2**num_queries if exact else permutations
    # The same sum in another order rounds differently; equal differences must count as equal.
    observed = abs(float(difference(np.zeros((1, num_queries), np.uint8))[0]))
    least = observed - ROUNDING * max(1.0, observed)
    if np.isnan(observed):
        raise ValueError("the difference is not defined for these queries, so it cannot be tested")

    def as_large(block: Block) -> int:
        swaps = _every_swap(block, num_queries) if exact else _random_swaps(block, num_queries)
        return int((np.abs(difference(swaps)) >= least).sum())

    count = sum(shared_out(as_large, blocks(rng, max(1, num_queries * copies), total)))
    return count / total if exact else (1 + count) / (1 + total)


def _every_swap(block: Block, num_queries: int) -> Swaps:
    numbers = np.arange(block.start, block.start + block.rows)
    return (numbers[:, None] >> np.arange(num_queries) & 1).astype(np.uint8)


def _random_swaps(block: Block, num_queries: int) -> Swaps:
    size = block.rows * num_queries
    drawn = np.frombuffer(block.stream.bytes((size + 7) // 8), dtype=np.uint8)
    return np.unpackbits(drawn, count=size).reshape(block.rows, num_queries)


def _check_same_queries(first: Outcome, second: Outcome) -> None:
    if first.num_queries != second.num_queries or (
        first.query_ids is not None and second.query_ids is not None and first.query_ids != second.query_ids
    ):
        raise ValueError("the two outcomes must be of the same queries, in the same order")
