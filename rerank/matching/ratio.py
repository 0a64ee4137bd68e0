"""Lowe's ratio test between one photograph's descriptors and those of many, by exact nearest neighbours."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from extract.features import PackedFeatures
from rerank.matching.threads import shared_out

Result = TypeVar("Result")


class Matches(NamedTuple):
    """Matches of a query with one candidate: positions in both (M,) int64 and the ratio of distances (M,)."""

    query: NDArray[np.int64]
    candidate: NDArray[np.int64]
    ratios: NDArray[np.float32]


def each_candidate(
    query: NDArray[np.generic],
    candidates: PackedFeatures,
    ratio: float,
    visit: Callable[[int, Matches], Result],
    threads: int = 0,
) -> list[Result]:
    """Match `query` (M, D) bytes with every candidate and give what `visit(place, matches)` makes of each.

    A match is a query descriptor whose nearest neighbour among the candidate's is closer than `ratio`
    times the second nearest (a candidate with one descriptor or none has no match). Candidates are shared
    out to `threads` threads (0: one a core), and the result does not depend on how many:
    products of bytes are whole numbers below 2**24, which float32 holds exactly in any order of summing.
    Source: Lowe, IJCV 2004, section 7.1.
    """
    left, squared = _left(query), _squared_lengths(query)

    def one(place: int) -> Result:
        part = slice(candidates.offsets[place], candidates.offsets[place + 1])
        return visit(place, _matches(left, squared, candidates.descriptors[part], ratio))

    return shared_out(one, range(len(candidates)), threads)


def _matches(
    left: NDArray[np.float32], squared: NDArray[np.float32], candidate: NDArray[np.generic], ratio: float
) -> Matches:
    if len(candidate) < 2 or not len(left):
        nothing = np.zeros(0, np.int64)
        return Matches(nothing, nothing, np.zeros(0, np.float32))
    closeness = left @ _right(candidate).T
    nearest = closeness.argmax(axis=1)
    everyone = np.arange(len(left))
    first = squared - closeness[everyone, nearest]
    closeness[everyone, nearest] = -np.inf
    second = squared - closeness.max(axis=1)
    passed = np.flatnonzero(first < np.float32(ratio * ratio) * second)
    ratios = np.sqrt(first[passed] / second[passed])
    return Matches(passed, nearest[passed], ratios)


# |a - b|^2 = |a|^2 - (2ab - |b|^2): the last column of both sides makes the bracket one product. The query is
# doubled, once for all candidates, so that theirs are turned into numbers once.
def _left(query: NDArray[np.generic]) -> NDArray[np.float32]:
    extended = np.ones((len(query), query.shape[1] + 1), np.float32)
    np.multiply(query, np.float32(2), out=extended[:, :-1])
    return extended


def _right(candidate: NDArray[np.generic]) -> NDArray[np.float32]:
    extended = np.empty((len(candidate), candidate.shape[1] + 1), np.float32)
    values = extended[:, :-1]
    values[:] = candidate
    np.negative(np.einsum("md,md->m", values, values), out=extended[:, -1])
    return extended


def _squared_lengths(descriptors: NDArray[np.generic]) -> NDArray[np.float32]:
    values = descriptors.astype(np.float32)
    return np.asarray(np.einsum("md,md->m", values, values))
