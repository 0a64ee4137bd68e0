"""The array types of the package, and the checks that every table of ranked rows goes through."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Entry = TypeVar("Entry", bound=np.generic)


def ranked_rows(rows: npt.NDArray[np.integer], num_queries: int) -> IntArray:
    """Check a table of database rows (Q, K), best first and padded with -1, and return it as int64.

    Raises:
        ValueError: it has another shape or type, or a row below -1.
    """
    table = np.asarray(rows)
    if table.ndim != 2 or table.shape[0] != num_queries:
        raise ValueError(f"rows must be ({num_queries}, K), one ranking a query, got shape {table.shape}")
    if table.dtype.kind not in "iu":
        raise ValueError(f"rows must be integers, got {table.dtype}")
    if table.size and table.min() < -1:
        raise ValueError(f"rows must be -1 (no answer) or a database row, got {table.min()}")
    return table.astype(np.int64, copy=False)


def first_occurrences(rows: IntArray) -> BoolArray:
    """Mark in each ranking (Q, K) the entries whose row does not stand at an earlier rank, -1 included."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    # The sort is stable, so the first of a run of equal rows is the one of the best rank.
    first = np.ones(rows.shape, dtype=np.bool_)
    np.put_along_axis(first, order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    return first


def members(rows: IntArray, ascending: IntArray) -> BoolArray:
    """Mark the entries of `rows` that are in `ascending`, a sorted array without repeats."""
    if ascending.size == 0:
        return np.zeros(rows.shape, dtype=np.bool_)
    # searchsorted beats np.isin here: a hundred ranked rows against up to 100,000 sorted ones.
    # The methods, and clipping in take, for a call costs as much as its work where it is done query by query.
    return np.asarray(ascending.take(ascending.searchsorted(rows), mode="clip") == rows)


def query_mask(mask: npt.NDArray[np.bool_], num_queries: int) -> BoolArray:
    """Check that `mask` is one boolean a query and takes at least one of them.

    Raises:
        ValueError: it is not.
    """
    kept = np.asarray(mask)
    if kept.dtype != np.bool_ or kept.shape != (num_queries,) or not kept.any():
        raise ValueError(f"mask must be {num_queries} booleans, one of them True, got {mask!r}")
    return kept


def stacked(first: npt.NDArray[Entry], second: npt.NDArray[Entry], blank: float) -> npt.NDArray[Entry]:
    """Put two tables (Q, K) under each other; the narrower one is filled up with `blank`."""
    width = max(first.shape[1], second.shape[1])
    parts = [
        np.pad(table, ((0, 0), (0, width - table.shape[1])), constant_values=blank)
        for table in (first, second)
    ]
    return np.concatenate(parts)
