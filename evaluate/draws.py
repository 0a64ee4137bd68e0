"""Random draws of queries with replacement: in blocks that cores share, the same however many there are."""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evaluate.arrays import FloatArray, IntArray

# A block holds about a million counts (8 MB), so that a metric's own cost is spread over many resamples,
# and of many queries 64 resamples all the same: a metric that sorts its queries does so for each block.
_MAX_COUNTS = 1_000_000
_MIN_RESAMPLES = 64
# Draws made at once: what they take (1 MB) stays in the cache of a core.
_MAX_DRAWS = 2**17
# From here on Poisson counts, topped up, are faster than draws one by one; below, numpy's calls cost more.
_MANY_QUERIES = 2**15

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Block:
    """Some of the resamples, `rows` of them from `start` on, with random numbers of their own to use once."""

    stream: np.random.Generator
    start: int
    rows: int


def blocks(rng: np.random.Generator | int, num_queries: int, resamples: int) -> list[Block]:
    """Divide `resamples` of `num_queries` queries into blocks; a number as `rng` is a seed.

    Raises:
        ValueError: `resamples` is below 1, or there is no query.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, got {resamples}")
    if not 1 <= num_queries < 2**32:
        raise ValueError(f"num_queries must be from 1 to 2**32 - 1, got {num_queries}")
    rows = max(_MIN_RESAMPLES, _MAX_COUNTS // num_queries)
    starts = range(0, resamples, rows)
    streams = np.random.default_rng(rng).spawn(len(starts))
    return [
        Block(stream, start, min(rows, resamples - start))
        for stream, start in zip(streams, starts, strict=True)
    ]


def counts(block: Block, num_queries: int) -> FloatArray:
    """Count how often each query was drawn in each resample of the block, (rows, `num_queries`)."""
    table = np.empty((block.rows, num_queries))
    start = 0
    for piece in count_pieces(block, num_queries):
        table[start : start + len(piece)] = piece
        start += len(piece)
    return table


def count_pieces(block: Block, num_queries: int) -> Iterator[FloatArray]:
    """Yield what `counts` gives a few resamples at a time, (R, `num_queries`), each good until the next."""
    if num_queries >= _MANY_QUERIES:
        thresholds = _poisson_thresholds(_poisson_rate(num_queries))
        # Used again for each resample: the system clears new memory of this size page by page, which
        # took longer than the counting.
        counted = np.empty(num_queries, dtype=np.uint8)
        above = np.empty(num_queries, dtype=np.bool_)
        piece = np.empty((1, num_queries))
        for _ in range(block.rows):
            _topped_up_counts(block.stream, thresholds, counted, above)
            piece[0] = counted
            yield piece
        return
    step = max(1, _MAX_DRAWS // num_queries)
    for start in range(0, block.rows, step):
        rows = min(step, block.rows - start)
        drawn = _places(block.stream, num_queries, rows * num_queries).reshape(rows, num_queries)
        # One bincount for all: each resample counts in a stretch of its own.
        drawn += np.arange(rows)[:, None] * num_queries
        found = np.bincount(drawn.ravel(), minlength=rows * num_queries)
        yield found.reshape(rows, num_queries).astype(np.float64)


def shared_out(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Give what `work` makes of each of `items`, in their order, done by a thread a core."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(work, items))


def _topped_up_counts(
    stream: np.random.Generator,
    thresholds: list[np.uint16],
    counts: npt.NDArray[np.uint8],
    above: npt.NDArray[np.bool_],
) -> None:
    """Count the draws of a resample into `counts` (Q,) without making all; `above` (Q,) is overwritten.

    Poisson counts, given their sum, are the counts of as many draws. Those of a rate a little below 1 add
    up to a little less than Q, and the rest is drawn one by one. A Poisson count takes 16
    random bits and eight comparisons that run through memory in order, where a draw takes 32 bits and a
    jump: 2 ns instead of 5. Source: ours; Kingman 1993, "Poisson Processes", section 2.4 for the law.
    """
    num_queries = counts.size
    while True:
        bits = _bits(stream, (num_queries + 3) // 4).view(np.uint16)[:num_queries]
        np.less(bits, thresholds[0], out=counts.view(np.bool_))
        for threshold in thresholds[1:]:
            counts += np.less(bits, threshold, out=above).view(np.uint8)
        missing = num_queries - int(counts.sum(dtype=np.int64))
        # Too many, which three of 100,000 resamples have: another attempt follows the same law.
        if missing >= 0:
            np.add.at(counts, _places(stream, num_queries, missing), np.uint8(1))
            return


def _poisson_rate(num_queries: int) -> float:
    # The sum scatters by the root of the number of queries: four of those stay below it.
    return 1 - 4 / math.sqrt(num_queries)


def _poisson_thresholds(rate: float) -> list[np.uint16]:
    """Return for k = 1, 2, ... how many of 65,536 equally likely numbers stand for a count of k or more.

    Rounded: a chance is off by 2**-17 at most and a count's variance by 1e-4, while 10,000 resamples leave
    an interval's end uncertain by a hundredth of its distance.
    """
    thresholds = []
    chance, tail, count = math.exp(-rate), 1 - math.exp(-rate), 0
    while round(tail * 2**16) > 0:
        thresholds.append(np.uint16(round(tail * 2**16)))
        count += 1
        chance *= rate / count
        tail -= chance
    return thresholds


def _bits(stream: np.random.Generator, size: int) -> npt.NDArray[np.uint64]:
    return stream.integers(0, 2**64 - 1, size=size, dtype=np.uint64, endpoint=True)


def _places(stream: np.random.Generator, num_queries: int, size: int) -> IntArray:
    """Draw `size` places below `num_queries`, three times as fast as `Generator.integers` does.

    Each is 32 random bits as a fraction of 2**32, times `num_queries`. Without the rejection step chances
    differ by 2**-32 at most: 3e-5 of each where there are 120,000 queries, far below what 10,000 resamples
    can show. Source: Lemire 2019, "Fast random integer generation in an interval", section 4.
    """
    products = _bits(stream, (size + 1) // 2).view(np.uint32)[:size] * np.uint64(num_queries)
    products >>= np.uint64(32)
    return products.view(np.int64)
