"""Cut the studies' data sets, and the small real one, into training, database and query photographs."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluate.formats import tiny_imagenet
from evaluate.tables import read_table
from extract.errors import PhotosError
from extract.photos import Photos

GROCERIES = "finegrained"
# The study draws its classes with this seed; which ones it drew depends on the order of folders on its disk.
_CLASSES_SEED = 42


@dataclass(frozen=True)
class Cut:
    """What is trained on, what is searched, and what is asked; queries are photographs of neither."""

    train: Photos
    database: Photos
    queries: Photos


def tiny_imagenet_classes(folder: Path, num_classes: int) -> Photos:
    """Read the training photographs of `num_classes` drawn classes of Tiny ImageNet, 0 for all.

    Raises:
        PhotosError: there are fewer classes.
        EvaluationError: the folder is not laid out as tiny-imagenet-200.
    """
    table = tiny_imagenet.read(folder)
    rows = [row for row, split in enumerate(table.columns["split"]) if split == "train"]
    photos = _photos(folder, [table.ids[row] for row in rows], [table.labels[row] for row in rows])
    classes = classes_of(photos)
    if num_classes > len(classes):
        raise PhotosError(f"{str(folder)!r} has {len(classes)} classes; the experiment needs {num_classes}")
    if not num_classes:
        return photos
    drawn = np.random.default_rng(_CLASSES_SEED).choice(len(classes), num_classes, replace=False)
    return of_classes(photos, [classes[place] for place in sorted(drawn.tolist())])


def groceries(data: Path) -> Photos:
    """Read the small set of groceries below `data`; its two splits stand in the metadata.

    Raises:
        PhotosError: it is not there.
        EvaluationError: its list is unfit.
    """
    folder = data if (data / "labels.csv").is_file() else data / GROCERIES
    file = folder / "labels.csv"
    if not file.is_file():
        raise PhotosError(
            f"{str(data)!r} holds no small set ({GROCERIES}/labels.csv); name the folder that does"
        )
    records = [values for _, values in read_table(file, ("file", "label", "split", "zs_split"))]
    photos = _photos(folder, [record[0] for record in records], [record[1] for record in records])
    metadata = tuple({"split": record[2], "zs_split": record[3]} for record in records)
    return dataclasses.replace(photos, metadata=metadata)


def classes_of(photos: Photos) -> list[str]:
    """List the classes, sorted; numbers by value."""
    return sorted(
        set(photos.labels), key=lambda label: (len(label), label) if label.isdecimal() else (0, label)
    )


def of_classes(photos: Photos, classes: Iterable[str]) -> Photos:
    """Keep the photographs of these classes, in their order."""
    wanted = set(classes)
    return photos.select(row for row, label in enumerate(photos.labels) if label in wanted)


def where(photos: Photos, column: str, value: str) -> Photos:
    """Keep the photographs whose metadata say `value` in `column`."""
    return photos.select(row for row, metadata in enumerate(photos.metadata) if metadata[column] == value)


def per_class(photos: Photos, start: int, stop: int | None) -> Photos:
    """Keep of every class the photographs from place `start` to `stop` (not included, None: to its end)."""
    kept: list[int] = []
    for rows in _rows_by_class(photos).values():
        kept += rows[start:stop]
    return photos.select(sorted(kept))


def drawn_per_class(photos: Photos, count: int, seed: int) -> Photos:
    """Draw `count` photographs of every class, or all that it has; 20 hold the 10 of the same seed."""
    rng = np.random.default_rng(seed)
    kept: list[int] = []
    for rows in _rows_by_class(photos).values():
        # A whole order is drawn, whatever the count, and its beginning taken.
        kept += [rows[place] for place in rng.permutation(len(rows))[:count].tolist()]
    return photos.select(sorted(kept))


def without(photos: Photos, others: Photos) -> Photos:
    """Leave out the photographs that are among `others`, by id."""
    gone = set(others.ids)
    return photos.select(row for row, name in enumerate(photos.ids) if name not in gone)


def joined(first: Photos, second: Photos) -> Photos:
    """Give the photographs of both, one after the other."""
    return Photos(
        first.ids + second.ids,
        first.paths + second.paths,
        first.labels + second.labels,
        first.metadata + second.metadata,
    )


def _rows_by_class(photos: Photos) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {label: [] for label in classes_of(photos)}
    for row, label in enumerate(photos.labels):
        rows[label].append(row)
    return rows


def _photos(folder: Path, ids: Sequence[str], labels: Sequence[str]) -> Photos:
    return Photos(tuple(ids), tuple(str(folder / name) for name in ids), tuple(labels), ({},) * len(ids))
