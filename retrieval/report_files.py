"""Write the report of an evaluation or a comparison: HTML, Markdown or JSON, as the file's name says."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence

from evaluate.errors import EvaluationError
from evaluate.reporting import html, markdown, writing
from evaluate.reporting.document import Document


def check(files: Sequence[str], inputs: Iterable[str | None]) -> None:
    """Refuse reports of no known format, or in place of one of `inputs`, before any work is done for them.

    Raises:
        EvaluationError: a name ends otherwise, or is that of a file to read.
    """
    for file in files:
        writing.format_of(file)
    spare(inputs, files)


def spare(inputs: Iterable[str | None], outputs: Iterable[str | None]) -> None:
    """Refuse to write one of `outputs` in place of one of `inputs`; None is no file.

    Raises:
        EvaluationError: an output is a file to read.
    """
    read = [file for file in inputs if file is not None and os.path.exists(file)]
    for file in outputs:
        if file is not None and os.path.exists(file) and any(os.path.samefile(file, other) for other in read):
            raise EvaluationError(f"{file} is the very file that is read; give another name to write to")


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
