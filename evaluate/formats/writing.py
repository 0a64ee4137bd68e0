"""Write a file whole or not at all."""

import csv
import io
import os
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluate.errors import EvaluationError


def replace_csv(file: Path, records: Iterable[Sequence[str]]) -> None:
    """Write CSV records, the first of which names the columns.

    Raises:
        EvaluationError: the file cannot be written.
    """
    _replace(file, _csv_lines(records))


def replace_text(file: Path, text: str) -> None:
    """Write a text as UTF-8.

    Raises:
        EvaluationError: the file cannot be written.
    """
    _replace(file, [text])


def replace_lines(file: Path, lines: Iterable[str]) -> None:
    """Write lines, an end of line behind each.

    Raises:
        EvaluationError: the file cannot be written.
    """
    _replace(file, (f"{line}\n" for line in lines))


def _csv_lines(records: Iterable[Sequence[str]]) -> Iterable[str]:
    buffer = io.StringIO()
    # With "\r\n" as the end of a record the writer puts quotes around a field that holds either of them.
    writer = csv.writer(buffer, lineterminator="\r\n")
    for record in records:
        writer.writerow(record)
        yield buffer.getvalue().removesuffix("\r\n") + "\n"
        buffer.seek(0)
        buffer.truncate()


def _replace(file: Path, parts: Iterable[str]) -> None:
    # Beside the target, since a rename is atomic only within one file system.
    temporary = file.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except UnicodeEncodeError as error:
        raise EvaluationError(
            f"{file}: an id holds the character {error.object[error.start]!r}, which UTF-8 cannot carry; "
            "rename it"
        ) from error
    except OSError as error:
        raise EvaluationError(
            f"{file} cannot be written ({error.strerror}); check the folder, its permissions and free space"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
