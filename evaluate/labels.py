"""The classes of queries and of their ranked neighbours as codes: what a vote of neighbours looks at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, IntArray, query_mask, ranked_rows, stacked

# Eighteen digits fit 64 bits; a longer string of digits is an identifier and no number.
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Labels:
    """Codes are places in `names`, which are ascending, so the larger label has the larger code.

    `queries` (Q,) has a code for each query, `neighbours` (Q, K) one for each ranked image, -1 for
    those without a vote: padding, no label, a repeated or an ignored image.

    Raises:
        ValueError: the names are not ascending and distinct, or a code is out of range.
    """

    names: tuple[str, ...]
    queries: IntArray
    neighbours: IntArray

    def __post_init__(self) -> None:
        if list(self.names) != ascending_labels(self.names):
            raise ValueError("names must be distinct, ascending and not empty")
        if self.queries.ndim != 1:
            raise ValueError(f"queries must be (Q,), got {self.queries.shape}")
        ranked_rows(self.neighbours, self.queries.size)
        for codes, least in ((self.queries, 0), (self.neighbours, -1)):
            if codes.size and not least <= codes.min() <= codes.max() < len(self.names):
                raise ValueError(f"codes must be from {least} to {len(self.names) - 1}")

    @cached_property
    def voters(self) -> IntArray:
        """The neighbours (Q, K) with those that have a vote in front, in their order, and -1 behind them."""
        order = np.argsort(self.neighbours < 0, axis=1, kind="stable")
        return np.take_along_axis(self.neighbours, order, axis=1)

    def select(self, mask: npt.NDArray[np.bool_]) -> Self:
        """Return the labels of the queries where `mask` (Q,) is True; the codes stay what they are."""
        kept = query_mask(mask, self.queries.size)
        return type(self)(self.names, self.queries[kept], self.neighbours[kept])

    def joined(self, other: Self) -> Self:
        """Return the labels of the queries of both, one after the other.

        Raises:
            ValueError: their codes mean different names.
        """
        if self.names != other.names:
            raise ValueError("only labels with the same names can be joined")
        return type(self)(
            self.names,
            np.append(self.queries, other.queries),
            stacked(self.neighbours, other.neighbours, -1),
        )

    @classmethod
    def from_rows(
        cls,
        rows: IntArray,
        votes: BoolArray,
        query_labels: Sequence[str],
        labels_by_row: Mapping[int, str],
    ) -> Self:
        """Look up the label of every ranked row (Q, K); `votes` (Q, K) is False where one has no vote.

        The names are those of all queries and of the whole database, so that their order, and with it
        every tie, does not depend on who was found.

        Raises:
            ValueError: a query has no label, or a row is not in `labels_by_row`.
        """
        if "" in query_labels:
            raise ValueError(f"the query in place {list(query_labels).index('')} has no label")
        names = ascending_labels({*query_labels, *labels_by_row.values()} - {""})
        code_of_name = {name: code for code, name in enumerate(names)} | {"": -1}
        distinct, places = np.unique(np.where(votes, rows, -1), return_inverse=True)
        codes = np.full(distinct.size, -1, dtype=np.int64)
        for place, row in enumerate(distinct.tolist()):
            if row >= 0:
                if row not in labels_by_row:
                    raise ValueError(f"the ranked row {row} is not in labels_by_row")
                codes[place] = code_of_name[labels_by_row[row]]
        queries = np.array([code_of_name[label] for label in query_labels], dtype=np.int64)
        return cls(tuple(names), queries, codes[places].reshape(rows.shape))


def ascending_labels(labels: Iterable[str]) -> list[str]:
    """Return the distinct labels without '', the smallest first.

    They compare as numbers when every one of them is an integer (so "9" < "10", and "1" < "01": equal
    numbers compare as strings), otherwise all compare as strings.
    """
    distinct = set(labels) - {""}
    if all(_INTEGER.fullmatch(label) for label in distinct):
        return sorted(distinct, key=lambda label: (int(label), label))
    return sorted(distinct)
