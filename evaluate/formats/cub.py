"""Labels of CUB-200-2011, whose lists each tell one thing of a number: path, class, name of a class, part."""

from pathlib import Path

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats.labels import LabelTable
from evaluate.formats.reading import word_lines

IMAGES_FILE, CLASS_FILE = "images.txt", "image_class_labels.txt"
_NAMES_FILE, _SPLIT_FILE = "classes.txt", "train_test_split.txt"
_LAST_TRAINING_CLASS = 100


def read(folder: Path) -> LabelTable:
    """Take the images of images.txt in its order; their ids are the paths there, their labels class numbers.

    Further columns: image_id, class_name, split (train or test, the official one) and zero_shot_split:
    train for the classes 1 to 100 and test for the others, as papers on metric learning have it.
    Source: Wah et al., Caltech CNS-TR-2011-001; the second split: Song et al., CVPR 2016.

    Raises:
        EvaluationError: a list is missing or unfit, a number is there twice or lacks in one of them, a path
            is there twice, a class is no number or a part neither 0 nor 1.
    """
    images = _list(folder / IMAGES_FILE, "image path")
    classes = _list(folder / CLASS_FILE, "image class")
    names = _list(folder / _NAMES_FILE, "class name")
    parts = _list(folder / _SPLIT_FILE, "image 1-for-training")
    line_of_path: dict[str, int] = {}
    for number, (line, path) in images.items():
        if line_of_path.setdefault(path, line) != line:
            raise EvaluationError(
                f"{folder / IMAGES_FILE}, line {line}: the image {path!r} (number {number}) was already "
                f"given on line {line_of_path[path]}; keep one of the two"
            )
    labels = [_found(folder / CLASS_FILE, classes, "image", number) for number in images]
    class_names = [_found(folder / _NAMES_FILE, names, "class", label) for label in labels]
    splits = [_found(folder / _SPLIT_FILE, parts, "image", number) for number in images]
    for number, label, split in zip(images, labels, splits, strict=True):
        if not (label.isascii() and label.isdigit()):
            raise EvaluationError(
                f"{folder / CLASS_FILE}, line {classes[number][0]}: the class of the image {number!r} must "
                f"be a number, got {label!r}"
            )
        if split not in ("0", "1"):
            raise EvaluationError(
                f"{folder / _SPLIT_FILE}, line {parts[number][0]}: the image {number!r} must have 1 "
                f"(training) or 0 (test), got {split!r}"
            )
    columns = {
        "image_id": tuple(images),
        "class_name": tuple(class_names),
        "split": tuple("train" if split == "1" else "test" for split in splits),
        "zero_shot_split": tuple(
            "train" if int(label) <= _LAST_TRAINING_CLASS else "test" for label in labels
        ),
    }
    lines = np.array([line for line, _ in images.values()], dtype=np.int64)
    return LabelTable(tuple(line_of_path), tuple(labels), columns, lines, str(folder / IMAGES_FILE))


def _list(path: Path, form: str) -> dict[str, tuple[int, str]]:
    values: dict[str, tuple[int, str]] = {}
    for line, (number, value) in word_lines(path, 2, form):
        if number in values:
            raise EvaluationError(
                f"{path}, line {line}: the number {number!r} was already given on line {values[number][0]}; "
                "keep one of the two"
            )
        values[number] = line, value
    if not values:
        raise EvaluationError(f"{path} is empty; it must have a line '{form}' for each")
    return values


def _found(path: Path, values: dict[str, tuple[int, str]], what: str, number: str) -> str:
    if number not in values:
        raise EvaluationError(f"{path} has no line for the {what} {number!r}; add it")
    return values[number][1]
