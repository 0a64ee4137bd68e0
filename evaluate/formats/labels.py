"""Which class each image shows, as CSV: `id,label` or the lists of GLDv2, and any further columns."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluate.arrays import IntArray
from evaluate.errors import EvaluationError
from evaluate.formats.writing import replace_csv
from evaluate.tables import column_names, read_table

LABEL_COLUMNS = ("label", "landmark_id", "class")


@dataclass(frozen=True, eq=False)
class LabelTable:
    """N images, each once: `labels` are '' where there is none, `columns` hold N further values by name.

    `lines` (N,) tell where an image stands in the file `source`, 0 where it comes from a folder.

    Raises:
        ValueError: the fields are not equally long, or an id is there twice.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    lines: IntArray
    source: str

    def __post_init__(self) -> None:
        lengths = {len(values) for values in (self.labels, self.lines, *self.columns.values())}
        if lengths != {len(self.ids)}:
            raise ValueError(f"labels, lines and columns must have {len(self.ids)} values, got {lengths}")
        if len(set(self.ids)) < len(self.ids):
            raise ValueError("ids must hold each image once")

    def place(self, row: int) -> str:
        """Say where an image stands, to open a message about it."""
        line = f", line {self.lines[row]}" if self.lines[row] else ""
        return f"{self.source}{line}: the image {self.ids[row]!r}"


def read(path: Path, *, needs_labels: bool = True) -> LabelTable:
    """Read the images in file order; without `needs_labels` the column of labels may be missing.

    The label is in the first of the columns label, landmark_id and class that is there; every other
    column with a name is kept as it stands, its name in lower case.

    Raises:
        EvaluationError: the file is unfit, lists no image, or an id is empty or there twice.
    """
    names = column_names(path)
    label_column = next((name for name in LABEL_COLUMNS if name in names), LABEL_COLUMNS[0])
    others = tuple(name for name in names if name and name not in ("id", label_column))
    shared: dict[str, str] = {}  # one text for all equal labels, which repeat a lot
    line_of: dict[str, int] = {}
    labels: list[str] = []
    values: list[list[str]] = [[] for _ in others]
    lines = array("q")
    required, optional = (("id", label_column), ()) if needs_labels else (("id",), (label_column,))
    for line, (image_id, label, *further) in read_table(path, required, (*optional, *others)):
        if not image_id.strip():
            raise EvaluationError(f"{path}, line {line}: the image id is empty; every record needs one")
        if image_id in line_of:
            raise EvaluationError(
                f"{path}, line {line}: the image {image_id!r} was already given on line {line_of[image_id]}; "
                "keep one of the two"
            )
        line_of[image_id] = line
        labels.append(shared.setdefault(label, label))
        for column, value in zip(values, further, strict=True):
            column.append(value)
        lines.append(line)
    if not line_of:
        raise EvaluationError(f"{path} lists no image; it must have a record for each, such as 'a.jpg,tower'")
    columns = {name: tuple(column) for name, column in zip(others, values, strict=True)}
    return LabelTable(tuple(line_of), tuple(labels), columns, np.array(lines, dtype=np.int64), str(path))


def write(path: Path, table: LabelTable) -> None:
    """Write CSV `id,label` and the further columns.

    Raises:
        EvaluationError: a value holds a zero byte, an id is empty, or the file cannot be written.
    """
    replace_csv(path, _rows(path, table))


def _rows(path: Path, table: LabelTable) -> Iterator[tuple[str, ...]]:
    yield ("id", "label", *table.columns)
    for row in zip(table.ids, table.labels, *table.columns.values(), strict=True):
        if not row[0].strip() or any("\0" in value for value in row):
            raise EvaluationError(
                f"{path}: the image {row[0]!r} has an empty id or a value with a zero byte; rename it"
            )
        yield row
