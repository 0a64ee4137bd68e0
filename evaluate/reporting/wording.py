"""Numbers and foreign text as they are shown in every format."""

import math
import re
from collections.abc import Iterable

from evaluate.reporting.document import Cell, Interval, Table

MISSING = "–"

# What no page may hold: control characters, halves of surrogate pairs (names of files that are not
# UTF-8 carry them) and the two that XML forbids; and the marks that turn the direction of the text
# around them, with which an id could rewrite the line that it stands in.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


def plain(text: str) -> str:
    """Put `text` on one line, with U+FFFD for each character that a page cannot carry."""
    return _FORBIDDEN.sub("\ufffd", " ".join(text.split()))


def number(value: int | float, digits: int | None = None) -> str:
    """Write a number: counts with commas, others with `digits` decimals, what is not finite as missing.

    Without `digits` the size of the number decides.
    """
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.{_digits([value]) if digits is None else digits}f}"


def span(interval: Interval, digits: int | None = None) -> str:
    """Write the ends of an interval."""
    return f"{number(interval.low, digits)} – {number(interval.high, digits)}"


def cell_text(cell: Cell, digits: int) -> str:
    """Write a cell of a table on one line."""
    if cell is None:
        return MISSING
    if isinstance(cell, str):
        return plain(cell)
    if isinstance(cell, Interval):
        return f"{number(cell.value, digits)} ({span(cell, digits)})"
    return number(cell, digits)


def column_digits(table: Table) -> tuple[int, ...]:
    """Choose the decimals of each column, the same in all its rows."""
    return tuple(
        _digits(value for row in table.rows for value in _numbers(row[place]) if math.isfinite(value))
        for place in range(len(table.columns))
    )


def _numbers(cell: Cell) -> tuple[float, ...]:
    if isinstance(cell, Interval):
        return (cell.value, cell.low, cell.high)
    return (cell,) if isinstance(cell, float) else ()


def _digits(values: Iterable[float]) -> int:
    largest = max(map(abs, values), default=0.0)
    return 4 if largest < 10 else 2 if largest < 1000 else 0
