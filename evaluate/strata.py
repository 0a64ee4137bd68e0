"""Queries in groups that belong together: by a column of the table, or by how many images are relevant."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evaluate.arrays import BoolArray, IntArray

_RELEVANCE_BINS = (("0", 0), ("1", 1), ("2-3", 2), ("4-7", 4), ("8-15", 8), ("16-31", 16), ("32+", 32))


class Strata(Mapping[str, BoolArray]):
    """The queries of each value as a mask (Q,), made when it is asked for: of 100,000 values none is kept."""

    def __init__(self, places: Mapping[str, IntArray], num_queries: int) -> None:
        self._places = places
        self._num_queries = num_queries

    def __getitem__(self, value: str) -> BoolArray:
        mask = np.zeros(self._num_queries, dtype=np.bool_)
        mask[self._places[value]] = True
        return mask

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def strata(column: Sequence[str]) -> Strata:
    """Mark for each value of `column` (Q texts) its queries; values that look like numbers come first.

    Those are in the order of numbers ("2" before "10"), the others in that of texts. There may be as many
    values as queries.
    """
    places: dict[str, list[int]] = {}
    for place, value in enumerate(column):
        places.setdefault(value, []).append(place)
    ordered = sorted(places, key=_order)
    return Strata({value: np.array(places[value], dtype=np.int64) for value in ordered}, len(column))


def relevance_strata(num_relevant: IntArray) -> Strata:
    """Mark the queries with 0, 1, 2-3, 4-7, 8-15, 16-31 and 32 or more relevant images, where there are any.

    Bins double, for the counts of landmarks spread over three powers of ten. Source: ours.
    """
    bins = np.searchsorted([low for _, low in _RELEVANCE_BINS], num_relevant, side="right") - 1
    return Strata(
        {
            name: np.flatnonzero(bins == number)
            for number, (name, _) in enumerate(_RELEVANCE_BINS)
            if (bins == number).any()
        },
        num_relevant.size,
    )


def _order(value: str) -> tuple[int, float, str]:
    try:
        number = float(value)
    except ValueError:
        return 1, 0.0, value
    return (0, number, value) if math.isfinite(number) else (1, 0.0, value)
