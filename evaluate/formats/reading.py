"""What all readers of files share: text by line, words by line, raw bytes, and how to say that it fails."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluate.errors import EvaluationError


def unreadable(path: Path, error: OSError) -> EvaluationError:
    """Give the error for a file or folder that the system does not let us read."""
    return EvaluationError(f"{path} cannot be read ({error.strerror}); check the path and its permissions")


def text_lines(path: Path, lines: Iterable[bytes], kind: str) -> Iterator[str]:
    """Decode `lines` of the file `path`, each with its end; a byte order mark is dropped.

    `lines` are bytes, so that the line of a byte that is not UTF-8 is known. `kind` is what to save.

    Raises:
        EvaluationError: a line is not UTF-8 text or holds a zero byte.
    """
    line = 0
    try:
        for line, raw in enumerate(lines, start=1):
            text = raw.decode("utf-8")
            if "\0" in text:
                raise ValueError("NUL")
            yield text if line > 1 else text.removeprefix("\ufeff")
    except ValueError as error:
        raise EvaluationError(
            f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8 {kind}"
        ) from error


def word_lines(path: Path, count: int, form: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, words) of each line that is not blank; every line must hold `count` words.

    `form` shows such a line, for the message.

    Raises:
        EvaluationError: the file cannot be read, is not UTF-8 text, or a line has another number of words.
    """
    try:
        with path.open("rb") as file:
            for line, text in enumerate(text_lines(path, file, "text"), start=1):
                words = text.split()
                if len(words) == count:
                    yield line, words
                elif words:
                    raise EvaluationError(
                        f"{path}, line {line}: the line of {words[0]!r} has {len(words)} column(s) where "
                        f"{count} are expected ({form}); names must not hold white space"
                    )
    except OSError as error:
        raise unreadable(path, error) from error


def read_bytes(path: Path) -> bytes:
    """Read the whole file.

    Raises:
        EvaluationError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def number(text: str) -> float:
    """Read a number as other programs write it; NaN for a text that is none ("1_000" is none)."""
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan


def require_words(file: Path, query_id: str, ids: Iterable[str]) -> None:
    """Refuse ids that a file of words, of the name `file`, could not give back.

    Raises:
        EvaluationError: one is empty or holds white space or a zero byte, or starts with a byte order mark.
    """
    for identifier in ids:
        if identifier.split() != [identifier] or "\0" in identifier or identifier[0] == "\ufeff":
            raise EvaluationError(
                f"{file}: the id {identifier!r} (query {query_id!r}) is empty or holds white space, "
                "which this format cannot carry; rename it"
            )
