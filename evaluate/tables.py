"""CSV files with named columns, read record by record: every fault is told with its file and line."""

import csv
from collections.abc import Callable, Iterator
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from evaluate.errors import EvaluationError
from evaluate.formats.reading import text_lines, unreadable

# Python's csv module refuses fields over 131,072 characters, about 7,700 image ids of GLDv2;
# a landmark of a large index has more. The largest value that a C long holds on every platform.
_MAX_FIELD_CHARS = 2**31 - 1


def read_table(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield (line, values) of each record, the values in the order `required + optional`.

    Column names (given in lower case) match in any case; other columns are passed over, blank lines too.
    An optional column that the file lacks yields ''. `line` counts from 1 and is where the record starts.

    Raises:
        EvaluationError: the file cannot be read, is not UTF-8 text, lacks a column or has one twice,
            or a record is broken or has another number of fields than the header.
    """
    # The limit is one for the whole process. It is only ever raised: putting it back
    # would pull it from under another thread that is still reading.
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD_CHARS))
    try:
        with path.open("rb") as file:
            records = _records(path, file)
            _, header = next(records, (1, []))
            values_of = _values_of(_column_places(path, header, required, optional))
            for line, fields in records:
                if len(fields) != len(header):
                    raise EvaluationError(
                        f"{path}, line {line}: the record {fields[0]!r} has {len(fields)} field(s) where the "
                        f"header has {len(header)}; put quotes around fields that contain commas"
                    )
                # A column that the file lacks has the place behind the last one.
                fields.append("")
                yield line, values_of(fields)
    except OSError as error:
        raise unreadable(path, error) from error


def column_names(path: Path) -> tuple[str, ...]:
    """Read the names of the columns, stripped and in lower case; an empty file has none.

    Raises:
        EvaluationError: the file cannot be read, or its first record is no CSV in UTF-8.
    """
    try:
        with path.open("rb") as file:
            _, header = next(_records(path, file), (1, []))
    except OSError as error:
        raise unreadable(path, error) from error
    return _names(header)


def _records(path: Path, file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    lines = text_lines(path, file, "CSV")
    line = 1
    for text in lines:
        plain = text.removesuffix("\n").removesuffix("\r")
        if '"' in text or "\r" in plain:
            # strict: an unclosed quote would otherwise swallow the rest of the file without a word.
            reader = csv.reader(chain((text,), lines), strict=True)
            try:
                fields = next(reader)
            except csv.Error as error:
                raise EvaluationError(
                    f"{path}, line {line}: the record is not valid CSV ({error}); "
                    "mend its quotes and line ends"
                ) from error
            num_lines = reader.line_num
        else:
            # csv.reader does the same in four times as long.
            fields, num_lines = plain.split(",") if plain else [], 1
        if fields:
            yield line, fields
        line += num_lines


def _column_places(
    path: Path, header: list[str], required: tuple[str, ...], optional: tuple[str, ...]
) -> list[int]:
    names = _names(header)
    wanted = required + optional
    for name in wanted:
        if names.count(name) > 1:
            raise EvaluationError(f"{path}, line 1: the column {name!r} is there twice; keep one of the two")
    for name in required:
        if name not in names:
            found = ", ".join(header) if header else "nothing, the file is empty"
            raise EvaluationError(
                f"{path}, line 1: the column {name!r} is missing (found: {found}); "
                f"the first line must name the columns {','.join(required)}"
            )
    return [names.index(name) if name in names else len(names) for name in wanted]


def _values_of(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    # itemgetter is twice as fast as a loop, which shows in tables of millions of records.
    if len(places) > 1:
        return itemgetter(*places)
    return lambda fields: tuple(fields[place] for place in places)


def _names(header: list[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in header)
