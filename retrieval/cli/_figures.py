"""How `retrieve evaluate` shows what it found."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from retrieval.cli._shared import echo_json

if TYPE_CHECKING:
    from retrieval.evaluated import Evaluated


def show(
    done: "Evaluated", head: str, *, all_dialects: bool, reports: tuple[str, ...], as_json: bool
) -> None:
    """Write the reports and print figures as text or JSON."""
    values = {**done.report.to_dict(), **done.details}
    # Files first, since a reader that has seen enough (`| head`) ends the program; figures in any case.
    try:
        if reports:
            _write(done, reports, values)
    finally:
        if as_json:
            echo_json(values)
        else:
            _print(done, head, all_dialects)


def _write(done: "Evaluated", reports: tuple[str, ...], values: Mapping[str, object]) -> None:
    from evaluate.reporting.evaluation import evaluation_document
    from retrieval import report_files
    from retrieval.thumbnails import thumbnails

    document = evaluation_document(
        done.title,
        done.report,
        done.held,
        done.known,
        metrics=done.metrics,
        made_by=done.facts,
        picture_of=thumbnails(done.query_files, done.image_files),
    )
    report_files.write(reports, document, values)


def _print(done: "Evaluated", head: str, all_dialects: bool) -> None:
    from retrieval.evaluated import dialect_lines

    click.echo(head)
    click.echo(done.report.table())
    if all_dialects:
        click.echo("\n" + "\n".join(dialect_lines()))
