"""What only some metrics ask an outcome for: difficulty, graded gains and the confidence of an answer."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, FloatArray, IntArray, stacked

EASY, HARD = 1, 2


@dataclass(frozen=True, eq=False)
class Difficulty:
    """How hard the correct images are, as revisited Oxford and Paris tell it.

    `kinds` (Q, K) is EASY or HARD where the ranked image is such a one, repeated or not, else 0;
    `num_easy` and `num_hard` (Q,) count them in the whole database.
    """

    kinds: npt.NDArray[np.int8]
    num_easy: IntArray
    num_hard: IntArray

    def select(self, kept: BoolArray) -> Self:
        """Return the part of the queries where `kept` (Q,) is True."""
        return type(self)(self.kinds[kept], self.num_easy[kept], self.num_hard[kept])

    def joined(self, other: Self) -> Self:
        """Return the queries of both, one after the other."""
        return type(self)(
            stacked(self.kinds, other.kinds, 0),
            np.append(self.num_easy, other.num_easy),
            np.append(self.num_hard, other.num_hard),
        )


@dataclass(frozen=True, eq=False)
class Gains:
    """How relevant images are, where that comes in grades.

    `ranked` (Q, K) has the gain of the image at each rank, 0 for what is wrong, repeated or padding;
    `ideal` (Q, G) all gains that the truth has for the query, falling and padded with 0.
    """

    ranked: FloatArray
    ideal: FloatArray

    def select(self, kept: BoolArray) -> Self:
        """Return the part of the queries where `kept` (Q,) is True."""
        return type(self)(self.ranked[kept], self.ideal[kept])

    def joined(self, other: Self) -> Self:
        """Return the queries of both, one after the other."""
        return type(self)(stacked(self.ranked, other.ranked, 0.0), stacked(self.ideal, other.ideal, 0.0))


@dataclass(frozen=True, eq=False)
class Irrelevant:
    """What is wrong: `ranked` (Q, K) marks wrong images in the rankings, each once, `num` (Q,) counts all.

    Neither holds what the truth ignores, such as the query's own image.
    """

    ranked: BoolArray
    num: IntArray

    def select(self, kept: BoolArray) -> Self:
        """Return the part of the queries where `kept` (Q,) is True."""
        return type(self)(self.ranked[kept], self.num[kept])

    def joined(self, other: Self) -> Self:
        """Return the queries of both, one after the other."""
        return type(self)(stacked(self.ranked, other.ranked, False), np.append(self.num, other.num))


@dataclass(frozen=True, eq=False)
class Confidences:
    """How sure each query's first answer is: `values` (Q,), -inf without an answer.

    `tie_order` (Q,) decides between equal values, the smaller first; it is the place of the query's id
    among all ids, so that no figure depends on the order of the input.
    """

    values: FloatArray
    tie_order: IntArray

    def as_places(self) -> Self:
        """Replace each confidence by its place from the least; the order stays, the scale goes."""
        order = np.lexsort((-self.tie_order, self.values))
        places = np.empty(order.size)
        places[order] = np.arange(order.size)
        return type(self)(np.where(np.isneginf(self.values), -np.inf, places), self.tie_order)

    def select(self, kept: BoolArray) -> Self:
        """Return the part of the queries where `kept` (Q,) is True."""
        return type(self)(self.values[kept], self.tie_order[kept])

    def joined(self, other: Self) -> Self:
        """Return the queries of both, one after the other."""
        return type(self)(np.append(self.values, other.values), np.append(self.tie_order, other.tie_order))
