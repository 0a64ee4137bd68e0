"""Renders a report as GitHub Markdown, with tables for charts and captions for pictures."""

import re
from collections.abc import Sequence

from evaluate.reporting.document import (
    Block,
    Chart,
    Document,
    Facts,
    Headline,
    Interval,
    Note,
    PictureRow,
    Section,
    Table,
)
from evaluate.reporting.points import some_points
from evaluate.reporting.wording import cell_text, column_digits, number, plain, span
from evaluate.words import percent

_SPECIAL = re.compile(r"[\\`*_\[\]|~$]")
# What makes a heading, a list or a rule of a line that starts with it.
_OPENING = re.compile(r"^(#|-|\+|=|\d+(?=[.)]))")
_MARKS = {"query": "query", "right": "✓ right", "wrong": "✗ wrong", "plain": ""}


def render(document: Document) -> str:
    """Render the whole text, which ends with a line feed."""
    parts = [f"# {_inline(document.title)}", _paragraph(document.subtitle)]
    if document.headlines:
        parts.append(_headlines(document.headlines, document.level))
    parts += [_section(section, document.level) for section in document.sections]
    return "\n\n".join(part for part in parts if part) + "\n"


def _inline(text: str) -> str:
    """Escape text that follows something else on its line."""
    escaped = _SPECIAL.sub(r"\\\g<0>", plain(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _paragraph(text: str) -> str:
    """Escape text that starts a line."""
    return _OPENING.sub(lambda found: _opened(found[0]), _inline(text))


def _opened(start: str) -> str:
    # Of "1." it is the dot that has to lose its meaning, and it comes next.
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def _headlines(figures: Sequence[Headline], level: float) -> str:
    rows = [
        (
            f"**{_inline(figure.name)}**",
            f"**{number(figure.interval.value)}**",
            span(figure.interval),
            _inline(figure.note),
        )
        for figure in figures
    ]
    columns = ("figure", "value", f"{percent(level)} interval", "measured on")
    return _grid(columns, rows, (False, True, True, False))


def _section(section: Section, level: float) -> str:
    parts = [f"## {_inline(section.title)}", _paragraph(section.note)]
    parts += [_block(block, level) for block in section.blocks]
    return "\n\n".join(part for part in parts if part)


def _block(block: Block, level: float) -> str:
    match block:
        case Table():
            return _table(block, level)
        case Chart():
            return f"### {_inline(block.title)}\n\n{_table(some_points(block), block.level)}"
        case PictureRow():
            return _picture_row(block)
        case Note():
            kind = "WARNING" if block.level == "warning" else "NOTE"
            return f"> [!{kind}]\n> {_paragraph(block.text)}"
        case Facts():
            rows = [
                (_inline(name), _inline(value if isinstance(value, str) else number(value)))
                for name, value in block.pairs
            ]
            return _grid(("what", "value"), rows, (False, False))


def _table(table: Table, level: float) -> str:
    intervals = any(isinstance(cell, Interval) for row in table.rows for cell in row)
    caption = _inline(table.caption) + (f" (in brackets: {percent(level)} intervals)" if intervals else "")
    digits = column_digits(table)
    rows = [[_inline(cell_text(*pair)) for pair in zip(row, digits, strict=True)] for row in table.rows]
    return f"**{caption}**\n\n{_grid([_inline(name) for name in table.columns], rows, table.numeric)}"


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Lay out cells that are escaped already."""
    rule = ["---:" if aligned else "---" for aligned in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in [columns, rule, *rows])


def _picture_row(row: PictureRow) -> str:
    lines = [f"### {_inline(row.title)}", "", _paragraph(row.note), ""] if row.note else []
    lines = lines or [f"### {_inline(row.title)}", ""]
    for place, picture in enumerate(row.pictures, start=1):
        mark = _MARKS[picture.mark]
        lines.append(f"{place}. {f'{mark}: ' if mark else ''}{_paragraph(picture.caption)}")
    return "\n".join(lines).rstrip()
