"""A JSON object read entry by entry, so that each has its line and one entry at a time is held."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.reading import read_bytes, text_lines

_SPACE = re.compile(r"[ \t\n\r]*")


class _RepeatedNameError(ValueError):
    pass


def entries(path: Path) -> Iterator[tuple[int, str, object]]:
    """Yield (line, name, value) of the object that the file holds, in its order.

    Raises:
        EvaluationError: the file cannot be read, is not UTF-8 text or no valid JSON, holds something else
            than an object, or an object in it has a name twice.
    """
    text = "".join(text_lines(path, io.BytesIO(read_bytes(path)), "JSON"))
    line_of_name: dict[str, int] = {}
    line, counted = 1, 0
    try:
        for at, name, value in _parse(path, text):
            line, counted = line + text.count("\n", counted, at), at
            if name in line_of_name:
                raise EvaluationError(
                    f"{path}, line {line}: the name {name!r} was already given on line {line_of_name[name]}; "
                    "keep one of the two"
                )
            line_of_name[name] = line
            yield line, name, value
    except json.JSONDecodeError as error:
        raise EvaluationError(
            f"{path}, line {error.lineno}: this is not valid JSON ({error.msg}, column {error.colno}); "
            "mend it or write the file anew"
        ) from error


def _parse(path: Path, text: str) -> Iterator[tuple[int, str, object]]:
    decoder = json.JSONDecoder(object_pairs_hook=_without_repeats)
    at = _after_space(text, 0)
    if text[at : at + 1] != "{":
        found = f"it starts with {text[at : at + 20]!r}" if text[at:] else "it is empty"
        raise EvaluationError(f"{path} must hold a JSON object, '{{' to '}}'; {found}")
    at = _after_space(text, at + 1)
    if text[at : at + 1] == "}":
        return
    while True:
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("a name in double quotes is missing", text, at)
        start = at
        name, at = decoder.raw_decode(text, at)
        at = _after_space(text, at)
        if text[at : at + 1] != ":":
            raise json.JSONDecodeError("a ':' is missing", text, at)
        value, at = _value(path, decoder, text, start, name, _after_space(text, at + 1))
        yield start, name, value
        at = _after_space(text, at)
        if text[at : at + 1] == "}":
            break
        if text[at : at + 1] != ",":
            raise json.JSONDecodeError("a ',' or '}' is missing", text, at)
        at = _after_space(text, at + 1)
    at = _after_space(text, at + 1)
    if at < len(text):
        raise json.JSONDecodeError("more text stands behind the object", text, at)


def _value(
    path: Path, decoder: json.JSONDecoder, text: str, start: int, name: str, at: int
) -> tuple[object, int]:
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except _RepeatedNameError as error:
        fault = f"has the name {error.args[0]!r} twice; keep one of the two"
    except RecursionError:
        fault = "is nested too deeply; this is no file of rankings or truth"
    except ValueError:
        # Python refuses integers of more than 4,300 digits.
        fault = "holds a number that is too long; mend it"
    line = text.count("\n", 0, start) + 1
    raise EvaluationError(f"{path}, line {line}: the entry {name!r} {fault}")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _RepeatedNameError(name)
            seen.add(name)
    return named


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
