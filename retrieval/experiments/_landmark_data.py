"""What the landmark study trains on, searches and asks: GLDv2 as its user has it, or the small real set."""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluate.formats import labels, landmark_lists
from evaluate.formats.solution import SolutionRecord, read_solution
from evaluate.tables import column_names, read_table
from evaluate.truth import Truth
from extract.errors import PhotosError
from extract.photo_folder import find_photos
from extract.photos import Photos
from retrieval.experiments import _data

SMALL = "landmarks"
SMALL_LISTS = ("train.csv", "weak.csv", "landmarks.csv", "index.csv", "query.csv")
# The study drew these from GLDv2 and does not say which; ours are drawn with this seed.
NUM_INDEXED, NUM_QUERIES = 100_000, {"private": 650, "public": 350}
_DRAW_SEED = 0
# Of the small set as many a class are trained on as two cores pass through twice in a minute or so.
MOST_A_CLASS = 40


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Photographs to train on, to search, and to ask; `truth` speaks of places in `database`."""

    train: Photos
    database: Photos
    queries: Photos
    truth: Truth


def small(data: Path) -> Landmarks:
    """Read the small set below `data`: train and weak photographs are joined by the landmark's name.

    Raises:
        PhotosError: it is not there, or a list is unfit.
        EvaluationError: a query's label does not occur in the index.
    """
    folder = data if (data / "query.csv").is_file() else data / SMALL
    for name in SMALL_LISTS:
        if not (folder / name).is_file():
            raise PhotosError(
                f"{str(data)!r} holds no small set of landmarks ({SMALL}/{name} is not there); "
                "give the folder that does with --data"
            )
    database, queries = (Photos.from_csv(folder / name) for name in SMALL_LISTS[3:])
    usages = [metadata.get("usage", "") for metadata in queries.metadata]
    rows = range(len(database))
    truth = Truth.from_labels(queries.ids, queries.labels, rows, database.ids, database.labels, usages)
    trained = _data.drawn_per_class(small_train(folder), MOST_A_CLASS, _DRAW_SEED)
    return Landmarks(trained, database, queries, truth)


def small_train(folder: Path) -> Photos:
    """Read every photograph of train.csv and weak.csv in `folder`, joined by the landmark's name.

    Raises:
        PhotosError: a list is unfit.
    """
    names = {label: name for _, (label, name) in read_table(folder / "landmarks.csv", ("label", "name"))}
    # One list has numbers, the other the names of folders: only so do their places become one class each.
    train, weak = (_renamed(Photos.from_csv(folder / name), names) for name in SMALL_LISTS[:2])
    return _data.joined(train, weak)


def gldv2(folder: Path) -> Landmarks:
    """Read GLDv2 as it is unpacked, and draw queries and index as many as the study had.

    `folder` holds train_clean.csv or train.csv, retrieval_solution*.csv and the photographs as a/b/c/ID.jpg
    in train/, index/ and test/. The index is every image that is correct for a drawn query, and others up to
    100,000.

    Raises:
        PhotosError: a list or a folder is not there.
        EvaluationError: a list is unfit, or names a correct image that index/ does not hold.
    """
    records = _drawn(list(read_solution(_solution(folder))))
    indexed = _index(folder / "index", {name for record in records for name in record.image_ids})
    places = {name: place for place, name in enumerate(indexed.ids)}
    truth = Truth.from_records(records, places, len(indexed))
    queries = _photos(folder / "test", [record.query_id for record in records])
    return Landmarks(_train(folder), indexed, queries, truth)


def _renamed(photos: Photos, names: dict[str, str]) -> Photos:
    plain = tuple(
        re.sub(r"[^a-z0-9]+", "_", names.get(label, label).lower()).strip("_") for label in photos.labels
    )
    return dataclasses.replace(photos, labels=plain)


def _solution(folder: Path) -> Path:
    found = sorted(folder.glob("retrieval_solution*.csv"))
    if not found:
        raise PhotosError(f"{str(folder)!r} holds no retrieval_solution*.csv; put GLDv2's there")
    return found[-1]


def _drawn(records: list[SolutionRecord]) -> list[SolutionRecord]:
    rng = np.random.default_rng(_DRAW_SEED)
    kept: list[SolutionRecord] = []
    for usage, count in NUM_QUERIES.items():
        own = [record for record in records if record.usage == usage]
        kept += [own[place] for place in np.sort(rng.permutation(len(own))[:count])]
    return kept


def _index(folder: Path, wanted: set[str]) -> Photos:
    if not folder.is_dir():
        raise PhotosError(f"{str(folder)!r} is not there; it must hold GLDv2's index photographs")
    paths = {Path(path).stem: path for _, path in find_photos(str(folder))}
    others = sorted(paths.keys() - wanted)
    count = max(0, NUM_INDEXED - len(wanted))
    drawn = np.random.default_rng(_DRAW_SEED).permutation(len(others))[:count]
    ids = sorted([*(wanted & paths.keys()), *(others[place] for place in drawn)])
    return Photos(tuple(ids), tuple(paths[name] for name in ids), ("",) * len(ids), ({},) * len(ids))


def _train(folder: Path) -> Photos:
    lists = [folder / name for name in ("train_clean.csv", "train.csv")]
    file = next((path for path in lists if path.is_file()), None)
    if file is None:
        raise PhotosError(f"{str(folder)!r} holds neither train_clean.csv nor train.csv; put GLDv2's there")
    table = landmark_lists.read(file) if "images" in column_names(file) else labels.read(file)
    return dataclasses.replace(_photos(folder / "train", table.ids), labels=table.labels)


def _photos(folder: Path, ids: Iterable[str]) -> Photos:
    names = tuple(ids)
    paths = tuple(str(folder.joinpath(*name[:3], f"{name}.jpg")) for name in names)
    return Photos(names, paths, ("",) * len(names), ({},) * len(names))
