"""Puts a report on disk, in the format that the name of its file asks for."""

from pathlib import Path
from typing import Literal

from evaluate.errors import EvaluationError
from evaluate.formats.writing import replace_text

Format = Literal["html", "markdown", "json"]

_FORMATS: dict[str, Format] = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}


def format_of(path: str | Path) -> Format:
    """Tell the format of a report from the suffix of its file, in capitals or not.

    Raises:
        EvaluationError: it is not the suffix of a format.
    """
    suffix = Path(path).suffix
    if suffix.lower() not in _FORMATS:
        raise EvaluationError(
            f"{path}: the name of a report must end in {', '.join(_FORMATS)}, got {suffix!r}; "
            "name it report.html, for instance"
        )
    return _FORMATS[suffix.lower()]


def write(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8; the file appears whole or not at all.

    Raises:
        EvaluationError: it cannot be written.
    """
    replace_text(Path(path), text)
