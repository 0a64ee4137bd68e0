"""Renders a report as one HTML file that loads nothing and runs nothing."""

from collections.abc import Sequence
from itertools import groupby

from evaluate.reporting.document import (
    Block,
    Chart,
    Document,
    Facts,
    Note,
    Picture,
    PictureRow,
    Section,
    Table,
)
from evaluate.reporting.html_figures import headlines
from evaluate.reporting.html_tables import table
from evaluate.reporting.markup import isolated, text
from evaluate.reporting.points import some_points
from evaluate.reporting.style_sheet import STYLE_SHEET
from evaluate.reporting.svg import draw
from evaluate.reporting.wording import number

# A second lock behind the escaping: a browser refuses whatever is not in the file.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# A sign beside the word and a border of its own: right and wrong are not told apart by colour alone.
_MARKS = {"query": "Query", "right": "✓ Right", "wrong": "✗ Wrong", "plain": ""}


def render(document: Document) -> str:
    """Render the whole page."""
    sections = list(enumerate(document.sections, start=1))
    links = "".join(
        f'<li><a href="#section-{place}">{isolated(section.title)}</a></li>' for place, section in sections
    )
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{text(document.title)}</title>",
            f"<style>\n{STYLE_SHEET}</style></head><body>",
            f'<header><h1>{isolated(document.title)}</h1><p class="lede">{isolated(document.subtitle)}</p>',
            headlines(document.headlines, document.level) if document.headlines else "",
            "</header>",
            f'<nav aria-label="Sections"><ul>{links}</ul></nav>' if links else "",
            "<main>",
            *(_section(section, f"section-{place}", document.level) for place, section in sections),
            "</main></body></html>",
            "",
        ]
    )


def _section(section: Section, identifier: str, level: float) -> str:
    parts = [f'<section id="{identifier}" aria-labelledby="{identifier}-title">']
    parts.append(f'<h2 id="{identifier}-title">{isolated(section.title)}</h2>')
    if section.note:
        parts.append(f'<p class="lead">{text(section.note)}</p>')
    numbered = [(block, f"{identifier}-{place}") for place, block in enumerate(section.blocks, start=1)]
    # Charts that follow each other stand side by side where the page is wide enough.
    for are_charts, together in groupby(numbered, key=lambda pair: isinstance(pair[0], Chart)):
        shown = "\n".join(_block(block, place, level) for block, place in together)
        parts.append(f'<div class="charts">{shown}</div>' if are_charts else shown)
    return "\n".join([*parts, "</section>"])


def _block(block: Block, identifier: str, level: float) -> str:
    match block:
        case Table():
            return table(block, identifier, level)
        case Chart():
            return (
                f"<figure><h3>{text(block.title)}</h3>{draw(block, identifier)}"
                f"<details><summary>Values at some points</summary>"
                f"{table(some_points(block), f'{identifier}-points', block.level)}</details></figure>"
            )
        case PictureRow():
            return _picture_row(block)
        case Note():
            if block.level == "warning":
                return f'<p class="note warning" role="note"><strong>Warning.</strong> {text(block.text)}</p>'
            return f'<p class="note" role="note">{text(block.text)}</p>'
        case Facts():
            return _facts(block)


def _picture_row(row: PictureRow) -> str:
    note = f'<p class="quiet">{text(row.note)}</p>' if row.note else ""
    pictures = "".join(map(_picture, row.pictures))
    return f'<div class="row"><h3>{isolated(row.title)}</h3>{note}<ul class="pictures">{pictures}</ul></div>'


def _picture(picture: Picture) -> str:
    word = _MARKS[picture.mark]
    if picture.data_uri is None:
        image = '<span class="absent">not available</span>'
    else:
        image = f'<img src="{picture.data_uri}" alt="{text(f"{picture.mark}: {picture.caption}")}">'
    mark = f'<span class="mark">{word}</span> ' if word else ""
    return (
        f'<li class="{picture.mark}"><figure>{image}'
        f"<figcaption>{mark}{isolated(picture.caption)}</figcaption></figure></li>"
    )


def _facts(facts: Facts) -> str:
    pairs: Sequence[tuple[str, str]] = [
        (isolated(name), isolated(value if isinstance(value, str) else number(value)))
        for name, value in facts.pairs
    ]
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in pairs)}</dl>"
