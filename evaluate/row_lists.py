"""Lists of database rows, one a query: ascending, each row once, and looked up in rankings."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, IntArray, members


def frozen(rows: Iterable[int]) -> IntArray:
    """Sort rows into an array that cannot be written to, because queries share it."""
    array = np.array(sorted(rows), dtype=np.int64)
    array.setflags(write=False)
    return array


def ascending(rows_by_query: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """Sort the rows of each query, if need be.

    Raises:
        ValueError: the rows of a query are no list of integers of 0 or more, or one is there twice.
    """
    # Most often all are sorted; to look at all at once takes a hundredth of the time.
    lengths = [np.shape(rows) for rows in rows_by_query]
    if all(len(shape) == 1 for shape in lengths):
        together = np.concatenate([*rows_by_query, np.empty(0, dtype=np.int64)])
        ends = np.cumsum([shape[0] for shape in lengths])
        rises = np.diff(together) > 0
        rises[ends[(ends > 0) & (ends < together.size)] - 1] = True
        typed = all(getattr(rows, "dtype", None) == np.int64 for rows in rows_by_query)
        if typed and rises.all() and together.min(initial=0) >= 0:
            return rows_by_query
    return tuple(_sorted(rows) for rows in rows_by_query)


def members_by_query(table: IntArray, rows_by_query: tuple[IntArray, ...]) -> BoolArray:
    """Mark in the rankings `table` (Q, K) what is among the rows of the query."""
    found = np.zeros(table.shape, dtype=np.bool_)
    for query, rows in enumerate(rows_by_query):
        if rows.size:
            found[query] = members(table[query], rows)
    return found


def _sorted(rows: npt.NDArray[np.integer]) -> IntArray:
    array = np.asarray(rows)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"the rows of a query must be a list of integers, got {array.dtype} {array.shape}")
    array = np.sort(array.astype(np.int64, copy=False))
    if (array[1:] == array[:-1]).any() or (array.size and array[0] < 0):
        raise ValueError("the rows of a query must be 0 or more, each once")
    return array
