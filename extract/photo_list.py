"""Read a CSV list of photographs: id, file, perhaps label, and any further columns."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from extract.errors import PhotosError

_MAX_FIELD_CHARS = 100_000
_REQUIRED = ("id", "file")


@dataclass(frozen=True)
class ListedPhoto:
    """One record of a list; `file` as written there."""

    photo_id: str
    file: str
    label: str
    metadata: Mapping[str, str]


def read_photo_list(path: str) -> list[ListedPhoto]:
    """Read the list in file order; column names are stripped and lower-cased, values are taken as they stand.

    Raises:
        PhotosError: one sentence that names the file and, where there is one, the line.
    """
    records = _records(path, _read_text(path))
    _, header = next(records, (1, []))
    columns = _columns(path, header)
    line_of: dict[str, int] = {}
    photos = []
    for line, fields in records:
        photo = _photo(path, line, columns, fields)
        first = line_of.setdefault(photo.photo_id, line)
        if first != line:
            raise PhotosError(
                f"lines {first} and {line} of {path!r} have the same id {photo.photo_id!r}; "
                "give each photo an id of its own"
            )
        photos.append(photo)
    if not photos:
        raise PhotosError(f"{path!r} lists no photo: it has a header but no line below it")
    return photos


def _read_text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise PhotosError(f"{path!r} is not there; give a folder of photos or a .csv list") from None
    except OSError as error:
        raise PhotosError(f"{path!r} cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PhotosError(f"line {line} of {path!r} is not UTF-8 text; save the list as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PhotosError(f"line {line} of {path!r} holds a zero byte; save the list as UTF-8 text")
    return text


def _records(path: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record that is not blank with the line on which it starts (quoted fields may span lines)."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise PhotosError(f"line {line} of {path!r} is not CSV ({error}); check its quotes") from None
        # csv has a limit of its own, but it is the whole process's and anyone may raise it.
        if any(len(field) > _MAX_FIELD_CHARS for field in fields):
            raise PhotosError(f"line {line} of {path!r} holds a value of over {_MAX_FIELD_CHARS} characters")
        if fields:
            yield line, fields


def _columns(path: str, header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    if not any(columns):
        raise PhotosError(f"{path!r} is empty; a list starts with a line of column names: id,file,label")
    for name in _REQUIRED:
        if name not in columns:
            raise PhotosError(
                f"{path!r} has no column {name!r}; its columns, parted by commas, are "
                + ", ".join(repr(column) for column in columns)
            )
    for name in columns:
        if name and columns.count(name) > 1:
            raise PhotosError(f"{path!r} has the column {name!r} twice; rename one")
    return columns


def _photo(path: str, line: int, columns: list[str], fields: list[str]) -> ListedPhoto:
    if len(fields) != len(columns):
        raise PhotosError(
            f"line {line} of {path!r} has {len(fields)} fields, the header has {len(columns)}; "
            "put values that hold a comma in double quotes"
        )
    values = {name: value for name, value in zip(columns, fields, strict=True) if name}
    for name in _REQUIRED:
        if not values[name].strip():
            raise PhotosError(f"line {line} of {path!r} has no {name}")
    return ListedPhoto(values.pop("id"), values.pop("file"), values.pop("label", ""), values)
