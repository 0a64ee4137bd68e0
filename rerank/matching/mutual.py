"""Mutual nearest neighbours between one photograph's byte descriptors and those of many, exactly."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures
from rerank.matching.ratio import Matches
from rerank.matching.threads import shared_out
from rerank.matching.unit import numbers

Result = TypeVar("Result")


def each_candidate(
    query: NDArray[np.generic],
    candidates: PackedFeatures,
    ratio: float,
    visit: Callable[[int, Matches], Result],
    threads: int = 0,
) -> list[Result]:
    """Match `query` (M, D) bytes with every candidate and give what `visit(place, matches)` makes of each.

    A match is a pair of descriptors each of which is the other's nearest by Euclidean distance; of equally
    near ones the first counts. Below 1, `ratio` asks besides that the candidate's second nearest be farther
    by 1 / `ratio` (a candidate with one descriptor then has no match). Candidates are shared out to `threads`
    threads (0: one a core), and the result does not depend on how many: squared distances of 256 bytes or
    fewer, their middle taken off, are whole numbers below 2**24, which float32 holds exactly.
    """
    left = _left(query)

    def one(place: int) -> Result:
        part = slice(candidates.offsets[place], candidates.offsets[place + 1])
        return visit(place, _matches(left, candidates.descriptors[part], ratio))

    return shared_out(one, range(len(candidates)), threads)


def _matches(left: NDArray[np.float32], candidate: NDArray[np.generic], ratio: float) -> Matches:
    if not len(left) or not len(candidate):
        nothing = np.zeros(0, np.int64)
        return Matches(nothing, nothing, np.zeros(0, np.float32))
    # |a - b|^2 = -2ab + |a|^2 + |b|^2: two more columns on both sides make it one product.
    squared = left @ _right(candidate).T
    nearest = squared.argmin(axis=1)
    distances = squared[np.arange(len(left)), nearest]
    # Smallest numbers by column are found in a quarter of the time that their places take.
    mutual = np.flatnonzero(distances == squared.min(axis=0)[nearest])
    # Rising: the first of equally near ones.
    mutual = mutual[np.sort(np.unique(nearest[mutual], return_index=True)[1])]
    chosen, first = nearest[mutual], distances[mutual]
    squared[mutual, chosen] = np.inf
    second = squared.min(axis=1)[mutual]
    # Two at distance 0 are as near as each other; without a second one there is nothing to compare with.
    ratios = np.sqrt(np.divide(first, second, out=np.ones_like(first), where=second > 0))
    ratios[np.isinf(second)] = 1.0
    passed = ratios < ratio if ratio < 1.0 else np.ones(len(mutual), np.bool_)
    return Matches(mutual[passed], chosen[passed], ratios[passed])


def _left(descriptors: NDArray[np.generic]) -> NDArray[np.float32]:
    values = numbers(descriptors)
    extended = np.ones((len(values), values.shape[1] + 2), np.float32)
    np.multiply(values, np.float32(-2), out=extended[:, :-2])
    extended[:, -2] = _squared_lengths(values)
    return extended


def _right(descriptors: NDArray[np.generic]) -> NDArray[np.float32]:
    values = numbers(descriptors)
    extended = np.ones((len(values), values.shape[1] + 2), np.float32)
    extended[:, :-2] = values
    extended[:, -1] = _squared_lengths(values)
    return extended


def _squared_lengths(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("md,md->m", values, values))
