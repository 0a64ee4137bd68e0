"""Tells by its content what kind of file or folder holds rankings or a truth; names are never looked at."""

import csv
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats import cub, sop, tiny_imagenet
from evaluate.formats.labels import LABEL_COLUMNS
from evaluate.formats.reading import unreadable
from evaluate.formats.revisited import is_pickle

# A first line longer than this is not one of columns, but may well be JSON without line ends.
_MAX_BYTES = 1 << 16
_COLUMNS = {"id", "query", "image", "images", "landmarks", "rank", "score", "usage", "url", *LABEL_COLUMNS}
_RANKINGS = (
    "rankings are CSV with the columns id,images or query,id,rank[,score] or id,landmarks, a run of TREC "
    "(six columns parted by white space), pairs of query and image, or JSON {query: [images]}"
)
_TRUTHS = (
    "a truth is CSV with the columns id,images[,Usage] or id,label or id,landmarks[,Usage], qrels of TREC "
    "(four columns parted by white space), revisited Oxford or Paris (pickle or JSON), a list of Stanford "
    "Online Products, or a folder: one a class, CUB-200-2011, Tiny ImageNet, Stanford Online Products"
)


def ranking_format(path: Path) -> str:
    """Name the kind of a file of rankings: submission, long, recognition, trec-run, pairs or json.

    Raises:
        EvaluationError: it cannot be read or is of no such kind.
    """
    if path.is_dir():
        raise EvaluationError(f"{path} is a folder, not a file of rankings; {_RANKINGS}")
    start = _start(path)
    line = _first_line(path, start, _RANKINGS)
    if line.startswith("{"):
        return "json"
    columns = _columns(line)
    for kind, needed in (
        ("long", {"query", "id", "rank"}),
        ("submission", {"id", "images"}),
        ("recognition", {"id", "landmarks"}),
    ):
        if needed <= columns:
            return kind
    if not columns & _COLUMNS:
        for kind, count in (("trec-run", 6), ("pairs", 2)):
            if len(line.split()) == count:
                return kind
    raise EvaluationError(f"{path} is of no known kind, its first line is {line[:60]!r}; {_RANKINGS}")


def truth_format(path: Path) -> str:
    """Name the kind of a truth.

    That is solution, labels, landmark-lists, recognition, qrels, revisited, folder, tiny-imagenet, sop or
    cub.

    Raises:
        EvaluationError: it cannot be read or is of no such kind.
    """
    if path.is_dir():
        return _folder_format(path)
    start = _start(path)
    if is_pickle(start):
        return "revisited"
    line = _first_line(path, start, _TRUTHS)
    if line.startswith("{"):
        return "revisited"
    columns = _columns(line)
    if {"id", "images"} <= columns:
        return "solution"
    if {"id", "landmarks"} <= columns:
        return "recognition"
    if {"landmark_id", "images"} <= columns:
        return "landmark-lists"
    # Without a column of labels its reader says which one is missing.
    if "id" in columns:
        return "labels"
    if tuple(line.lower().split()) == sop.HEADER:
        return "sop"
    if not columns & _COLUMNS and len(line.split()) == 4:
        return "qrels"
    raise EvaluationError(f"{path} is of no known kind, its first line is {line[:60]!r}; {_TRUTHS}")


def _folder_format(folder: Path) -> str:
    for kind, names in (
        ("tiny-imagenet", (tiny_imagenet.CLASSES_FILE,)),
        ("cub", (cub.IMAGES_FILE, cub.CLASS_FILE)),
        ("sop", tuple(sop.SPLIT_FILES.values())),
    ):
        if all((folder / name).is_file() for name in names):
            return kind
    try:
        if any(entry.is_dir() and not entry.name.startswith(".") for entry in folder.iterdir()):
            return "folder"
    except OSError as error:
        raise unreadable(folder, error) from error
    raise EvaluationError(f"{folder} is a folder without a folder for each class; {_TRUTHS}")


def _start(path: Path) -> bytes:
    # It is read twice, here and by its reader, which a pipe does not survive.
    if path.exists() and not path.is_file():
        raise EvaluationError(f"{path} is a pipe or a device; save what comes out of it and give that file")
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error


def _first_line(path: Path, start: bytes, accepted: str) -> str:
    """Give the first line that is not blank, stripped; a part of it where it is long."""
    if b"\0" in start or is_pickle(start):
        raise EvaluationError(f"{path} is no text, it starts with the bytes {start[:8]!r}; {accepted}")
    # A letter may be cut in two at the end; the readers find broken ones further down, and know the line.
    text = start.decode("utf-8", "replace").removeprefix("\ufeff")
    for line in text.split("\n"):
        if stripped := line.strip():
            if "\ufffd" in stripped[: _MAX_BYTES // 8]:
                raise EvaluationError(f"{path} is no UTF-8 text, it starts with {start[:8]!r}; {accepted}")
            return stripped
    raise EvaluationError(f"{path} is empty; {accepted}")


def _columns(line: str) -> set[str]:
    try:
        return {name.strip().lower() for name in next(csv.reader([line], strict=True))}
    except csv.Error:
        return set()
