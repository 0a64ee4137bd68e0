"""Labels from folders: each folder at the top is a class, and all pictures below it show that class."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats.labels import LabelTable
from evaluate.formats.reading import unreadable

# Those that the program finds in a folder of photographs.
SUFFIXES = ("jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif", "heic", "heif", "avif")


def read(folder: Path) -> LabelTable:
    """Take the pictures below `folder` as images, sorted by id: the path from there, with '/'.

    Raises:
        EvaluationError: a folder cannot be read, there is no picture, or one lies in no class.
    """
    ids = pictures(folder)
    for image_id in ids:
        if "/" not in image_id:
            raise EvaluationError(
                f"{folder}: the picture {image_id!r} lies in no folder of a class; move it into one or away"
            )
    return folder_table(folder, ids, [image_id.split("/", 1)[0] for image_id in ids], {})


def pictures(folder: Path) -> list[str]:
    r"""List the pictures below `folder`, sorted by their path from there, with '/' on every system.

    Hidden files and folders (a leading dot) are left out, linked folders too. Bytes of a name that are no
    UTF-8 become \xff, as they do in the ids of a store.

    Raises:
        EvaluationError: a folder cannot be read, or there is no picture.
    """
    found = sorted(_walk(folder))
    if not found:
        raise EvaluationError(
            f"{folder} holds no picture; looked for names that end in .{', .'.join(SUFFIXES)} "
            "and do not start with a dot"
        )
    return found


def folder_table(
    folder: Path, ids: Sequence[str], labels: Sequence[str], columns: Mapping[str, Sequence[str]]
) -> LabelTable:
    """Make the table of images that stand on no line of a file."""
    lines = np.zeros(len(ids), dtype=np.int64)
    kept = {name: tuple(values) for name, values in columns.items()}
    return LabelTable(tuple(ids), tuple(labels), kept, lines, str(folder))


def _walk(top: Path) -> Iterator[str]:
    for folder, subfolders, files in os.walk(top, onerror=_cannot_be_read):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        inner = os.path.relpath(folder, top)
        prefix = "" if inner == os.curdir else inner.replace(os.sep, "/") + "/"
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower()[1:] in SUFFIXES:
                yield os.fsencode(prefix + name).decode("utf-8", "backslashreplace")


def _cannot_be_read(error: OSError) -> NoReturn:
    raise unreadable(Path(error.filename), error) from error
