"""Labels of Stanford Online Products: `image_id class_id super_class_id path` a line, parted by spaces."""

from pathlib import Path

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats.labels import LabelTable
from evaluate.formats.reading import word_lines

HEADER = ("image_id", "class_id", "super_class_id", "path")
SPLIT_FILES = {"train": "Ebay_train.txt", "test": "Ebay_test.txt"}


def read(path: Path) -> LabelTable:
    """Take the images of one list, or of both in a folder, with their part in the column split.

    The id of an image is its path (such as bicycle_final/1_0.JPG), its label the class_id; image_id and
    super_class_id are further columns. A list alone is of the part that its name ends in, or of none.
    Source: Song et al., CVPR 2016.

    Raises:
        EvaluationError: a file is unfit, has no or another header or no image, or an image is there twice.
    """
    if path.is_dir():
        lists = {split: path / name for split, name in SPLIT_FILES.items()}
    else:
        lists = {next((split for split in SPLIT_FILES if path.stem.lower().endswith(split)), ""): path}
    place_of: dict[str, str] = {}
    columns: dict[str, list[str]] = {"label": [], "image_id": [], "super_class_id": [], "split": []}
    lines: list[int] = []
    for split, file in lists.items():
        records = word_lines(file, len(HEADER), " ".join(HEADER))
        if tuple(name.lower() for name in next(records, (1, []))[1]) != HEADER:
            raise EvaluationError(f"{file}: the first line must be {' '.join(HEADER)!r}; put it there")
        before = len(lines)
        for line, (image_id, label, super_class, name) in records:
            if name in place_of:
                raise EvaluationError(
                    f"{file}, line {line}: the image {name!r} was already given ({place_of[name]}); "
                    "keep one of the two"
                )
            place_of[name] = f"{file.name}, line {line}"
            for column, value in zip(columns.values(), (label, image_id, super_class, split), strict=True):
                column.append(value)
            lines.append(line)
        if len(lines) == before:
            raise EvaluationError(f"{file} lists no image; it must have a line for each below the first")
    labels = tuple(columns.pop("label"))
    further = {name: tuple(values) for name, values in columns.items()}
    return LabelTable(tuple(place_of), labels, further, np.array(lines, dtype=np.int64), str(path))
