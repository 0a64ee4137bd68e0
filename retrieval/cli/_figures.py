"""How `retrieve evaluate` shows what it found."""

from typing import TYPE_CHECKING

import click

from retrieval.cli._shared import echo_json

if TYPE_CHECKING:
    from retrieval.evaluated import Evaluated


def show(
    done: "Evaluated", head: str, *, all_dialects: bool, reports: tuple[str, ...], as_json: bool
) -> None:
    """Print figures as text or JSON, and write the reports."""
    from retrieval.evaluated import dialect_lines

    values = {**done.report.to_dict(), **done.details}
    if as_json:
        echo_json(values)
    else:
        click.echo(head)
        click.echo(done.report.table())
        if all_dialects:
            click.echo("\n" + "\n".join(dialect_lines()))
    if reports:
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
