"""Tables as HTML, with a small bar below each interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluate.reporting.document import Cell, Interval, Table
from evaluate.reporting.html_figures import bar, fit_on_bar, interval_words
from evaluate.reporting.markup import isolated, text
from evaluate.reporting.wording import cell_text, column_digits, number, span


@dataclass(frozen=True)
class _Column:
    """How the cells of a column look."""

    name: str
    numeric: bool
    digits: int
    has_intervals: bool
    has_bars: bool

    @property
    def attributes(self) -> str:
        return ' class="number"' if self.numeric else ""


def table(content: Table, identifier: str, level: float) -> str:
    """Show a table in a box of its own that scrolls; `identifier` is an id that is free on the page.

    Its intervals are of `level`.
    """
    columns = _columns(content)
    num_with_intervals = sum(column.has_intervals for column in columns)
    # A single column of intervals has room for a longer bar on the same line.
    kind = ' class="alone"' if num_with_intervals == 1 else ""
    hint = ""
    if num_with_intervals:
        bars = "; bars run from 0 to 1" if any(column.has_bars for column in columns) else ""
        hint = f' <span class="quiet">With {interval_words(level)}s{bars}</span>'
    heads = "".join(f'<th scope="col"{column.attributes}>{isolated(column.name)}</th>' for column in columns)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{identifier}">'
        f'<table{kind}><caption id="{identifier}"><span>{text(content.caption)}{hint}</span></caption>'
        f"<thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(_row(row, columns) for row in content.rows)}</tbody></table></div>"
    )


def _columns(content: Table) -> list[_Column]:
    columns = []
    digits = column_digits(content)
    for place, name in enumerate(content.columns):
        cells = [row[place] for row in content.rows]
        intervals = [cell for cell in cells if isinstance(cell, Interval)]
        bars = bool(intervals) and fit_on_bar(intervals)
        columns.append(_Column(name, content.numeric[place], digits[place], bool(intervals), bars))
    return columns


def _row(row: Sequence[Cell], columns: Sequence[_Column]) -> str:
    head, *cells = [
        (column.attributes, _cell(cell, column)) for cell, column in zip(row, columns, strict=True)
    ]
    shown = "".join(f"<td{attributes}>{inner}</td>" for attributes, inner in cells)
    return f'<tr><th scope="row"{head[0]}>{head[1]}</th>{shown}</tr>'


def _cell(cell: Cell, column: _Column) -> str:
    if isinstance(cell, str):
        return isolated(cell)
    if isinstance(cell, Interval):
        return (
            f'<span class="interval"><b>{number(cell.value, column.digits)}</b> '
            f'<span class="quiet">{span(cell, column.digits)}</span>'
            f"{bar(cell) if column.has_bars else ''}</span>"
        )
    return text(cell_text(cell, column.digits))
