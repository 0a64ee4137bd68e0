"""Write the report of an evaluation or a comparison: HTML, Markdown or JSON, as the file's name says."""

import json
from collections.abc import Mapping, Sequence

from evaluate.reporting import html, markdown, writing
from evaluate.reporting.document import Document


def check(files: Sequence[str]) -> None:
    """Refuse names of reports of no known format, before any work is done for them.

    Raises:
        EvaluationError: a name ends otherwise.
    """
    for file in files:
        writing.format_of(file)


def write(files: Sequence[str], document: Document, values: Mapping[str, object]) -> None:
    """Write a document, or where JSON is asked for `values`, to each of `files`.

    Raises:
        EvaluationError: a file cannot be written.
    """
    for file in files:
        kind = writing.format_of(file)
        if kind == "json":
            text = json.dumps(values, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
        else:
            text = html.render(document) if kind == "html" else markdown.render(document)
        writing.write(file, text)
