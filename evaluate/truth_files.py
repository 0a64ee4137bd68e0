"""Read the truth of an evaluation from whatever kind of file it comes in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evaluate.arrays import FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.formats import detect, label_formats, qrels, recognition, revisited
from evaluate.formats.labels import LabelTable
from evaluate.formats.solution import ignored_queries, read_solution
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.label_truth import columns_of, from_asked, from_systems
from evaluate.rankings import Rankings
from evaluate.relevant_rows import own_rows, rows_named
from evaluate.truth import Truth
from evaluate.words import counted

_NOTHING = np.empty(0, dtype=np.int64)


def read_truth(
    path: str | Path,
    systems: Sequence[Rankings] = (),
    *,
    queries: LabelTable | None = None,
    index: ImageIndex | None = None,
) -> GroundTruth:
    """Read a truth that `systems` are to be held against; what kind it is shows in its content.

    Labels say what is correct for whom, not who asks: queries are those of `queries`, or else all that the
    systems answer. Of other kinds `queries` keeps those that it lists, and brings labels and columns to
    group by. `index` are the images that were searched; rankings and truth may then name no other.

    Raises:
        EvaluationError: a file is unfit or the files do not fit each other; file, line and id are named.
    """
    file = Path(path)
    kind = detect.truth_format(file)
    if kind in label_formats.READERS:
        table = label_formats.READERS[kind](file)
        if queries is not None:
            return from_asked(table, queries, index, systems)
        return from_systems(table, systems, index)
    readers: Mapping[str, Callable[[Path, ImageIndex | None], GroundTruth]] = {
        "solution": _solution,
        "recognition": _recognition,
        "qrels": _qrels,
        "revisited": _revisited,
    }
    ground_truth = readers[kind](file, index)
    return ground_truth if queries is None else _asked(ground_truth, queries)


def _asked(known: GroundTruth, queries: LabelTable) -> GroundTruth:
    """Keep the queries of the truth that a list names, with what it says of them."""
    listed, asked = set(queries.ids), set(known.truth.query_ids)
    kept = np.array([name in listed for name in known.truth.query_ids])
    for row, name in enumerate(queries.ids):
        if name not in known.passed_over and name not in asked:
            raise EvaluationError(
                f"{queries.place(row)} is no query of {known.source}; take it out of the list"
            )
    if not kept.any():
        raise EvaluationError(f"{queries.source} lists no query that {known.source} asks about")
    left_out = int((~kept).sum())
    one, many = (f"of {known.source} {verb} not in {queries.source} and {verb}" for verb in ("is", "are"))
    note = f"{counted(left_out, f'query {one}', f'queries {many}')} left out"
    fewer = replace(
        known,
        truth=known.truth.select(kept),
        passed_over=known.passed_over | (asked - listed),
        notes=(*known.notes, *([note] if left_out else [])),
        asked_in=queries.source,
    )
    return with_columns(fewer, queries)


def with_columns(known: GroundTruth, queries: LabelTable) -> GroundTruth:
    """Add what a list says of the queries: their labels, and columns to group them by."""
    columns = columns_of(queries, known.truth.query_ids)
    labels = columns["label"]
    return replace(known, columns=columns, query_labels=labels if all(labels) else None)


def _solution(path: Path, index: ImageIndex | None) -> GroundTruth:
    records = list(read_solution(path))
    images = index or ImageIndex.of(image_id for record in records for image_id in record.image_ids)
    num_images = len(index.ids) if index else None
    truth = Truth.from_records(records, images.row_of_id, num_images)
    return GroundTruth(truth, images, index is not None, str(path), ignored_queries(path))


def _recognition(path: Path, index: ImageIndex | None) -> GroundTruth:
    """Take landmarks for the images that are searched: a prediction is a ranking of one."""
    if index is not None:
        raise EvaluationError(
            f"{path} is a truth of recognition, where landmarks are searched, not images; "
            "leave the index away"
        )
    records = list(recognition.truth(path))
    images = ImageIndex.of(label for _, _, labels, _ in records for label in labels)
    relevant = tuple(rows_named(labels, images.row_of_id, "") for _, _, labels, _ in records)
    truth = Truth(
        tuple(query_id for _, query_id, _, _ in records),
        relevant,
        (_NOTHING,) * len(records),
        tuple(usage for _, _, _, usage in records),
    )
    return GroundTruth(truth, images, False, str(path), ignored_queries(path), noun="landmark")


def _qrels(path: Path, index: ImageIndex | None) -> GroundTruth:
    records = list(qrels.records(path))
    images = index or ImageIndex.of(image_id for _, _, image_ids, _ in records for image_id in image_ids)
    relevant: list[IntArray] = []
    gains: list[FloatArray] = []
    for line, query_id, image_ids, grades in records:
        rows = rows_named(image_ids, images.row_of_id, f"{path}, line {line}: the query {query_id!r}")
        order = np.argsort(rows)
        values = np.array(grades, dtype=np.float64)[order]
        # A judged image counts for nothing if it is the query itself.
        kept = (values > 0) & (rows[order] != images.row_of_id.get(query_id, -1))
        if not kept.any():
            raise EvaluationError(
                f"{path}, line {line}: the query {query_id!r} has no relevant image besides itself; "
                "take it out of the truth"
            )
        relevant.append(rows[order][kept])
        gains.append(values[kept])
    query_ids = tuple(query_id for _, query_id, _, _ in records)
    is_graded = any((values != 1).any() for values in gains)
    truth = Truth(
        query_ids,
        tuple(relevant),
        own_rows(query_ids, images.row_of_id),
        ("",) * len(records),
        gains=tuple(gains) if is_graded else None,
        num_images=len(index.ids) if index else None,
    )
    return GroundTruth(truth, images, index is not None, str(path))


def _revisited(path: Path, index: ImageIndex | None) -> GroundTruth:
    known = revisited.read(path)
    images = index or ImageIndex.of(known.image_ids)
    rows = rows_named(known.image_ids, images.row_of_id, f"{path}: imlist")

    def rows_at(places: Sequence[IntArray]) -> tuple[IntArray, ...]:
        return tuple(rows[entries] for entries in places)

    easy, hard, junk = (rows_at(places) for places in (known.easy, known.hard, known.junk))
    own = own_rows(known.query_ids, images.row_of_id)
    truth = Truth(
        known.query_ids,
        tuple(
            np.setdiff1d(np.append(one, other), self_row)
            for one, other, self_row in zip(easy, hard, own, strict=True)
        ),
        tuple(np.union1d(one, self_row) for one, self_row in zip(junk, own, strict=True)),
        ("",) * len(known.query_ids),
        easy=tuple(np.setdiff1d(one, self_row) for one, self_row in zip(easy, own, strict=True)),
        closes_up=True,
        num_images=len(images.ids),
    )
    boxes = dict(zip(known.query_ids, known.boxes, strict=True))
    return GroundTruth(truth, images, True, str(path), boxes=boxes)
