"""Brings a file of rankings or a truth into another format, so that other programs can read it."""

import os
from dataclasses import dataclass
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats import convert_rankings, convert_truth, detect, label_formats, labels, revisited
from evaluate.formats.labels import LabelTable
from evaluate.ranking_files import read_rankings
from evaluate.truth_files import read_truth

RANKINGS = tuple(convert_rankings.WRITERS)
TRUTHS = (*convert_truth.FORMATS, "labels", "revisited-json")


@dataclass(frozen=True)
class Converted:
    """What was read and written: kinds, counts, and in `notes` each detail that the new format cannot hold.

    `num_queries` is None for labels, which do not say who asks; `num_images` counts what was read.
    """

    kind: str
    to: str
    num_queries: int | None
    num_images: int
    notes: tuple[str, ...]


def convert(
    source: str | Path, target: str | Path, to: str, *, queries: str | Path | None = None
) -> Converted:
    """Write `source` as `to`, one of RANKINGS and TRUTHS, to `target`, which appears whole or not at all.

    What kind `source` is shows in its content. Some are read as rankings and as a truth (`id,images`,
    `id,landmarks`, JSON): there `to` decides, since rankings never become a truth, nor a truth rankings.
    `queries` says who asks, where labels become a truth by query. Landmarks of recognition stand in place
    of images.

    Raises:
        EvaluationError: a file is unfit, what it holds is not to be had in this format or would give other
            figures there, `target` is `source` or `queries`, or it cannot be written.
        ValueError: there is no such format.
    """
    if to not in RANKINGS + TRUTHS:
        raise ValueError(f"to must be one of {', '.join(RANKINGS + TRUTHS)}, got {to!r}")
    given, out = Path(source), Path(target)
    for file in (given, Path(queries)) if queries is not None else (given,):
        if _is_same(file, out):
            raise EvaluationError(f"{out} is the very file that is read; give another name to write to")
    if to in RANKINGS:
        if queries is not None:
            raise EvaluationError("a list of queries says who asks about labels; rankings name their queries")
        return _rankings(given, out, to)
    kind = _kind(given, to)
    if queries is not None and (to not in convert_truth.FORMATS or kind not in label_formats.READERS):
        raise EvaluationError(
            f"a list of queries says who asks about labels that become {' or '.join(convert_truth.FORMATS)}; "
            f"{given} is {kind} and becomes {to}, so leave the list away"
        )
    if to == "labels":
        return _labels(given, out, kind)
    if to == "revisited-json":
        return _revisited(given, out, kind)
    return _truth(given, out, kind, to, queries)


def _rankings(given: Path, out: Path, to: str) -> Converted:
    kind = _kind(given, to)
    rankings = read_rankings(given)
    notes = convert_rankings.write(out, rankings, to)
    return Converted(kind, to, len(rankings.query_ids), len(rankings.image_ids), tuple(notes))


def _labels(given: Path, out: Path, kind: str) -> Converted:
    if kind not in label_formats.READERS:
        raise EvaluationError(
            f"{given} is {kind}, which does not tell the classes of images; labels are made of "
            f"{', '.join(label_formats.READERS)}"
        )
    table = label_formats.READERS[kind](given)
    labels.write(out, table)
    return Converted(kind, "labels", None, len(table.ids), ())


def _revisited(given: Path, out: Path, kind: str) -> Converted:
    if kind != "revisited":
        raise EvaluationError(
            f"{given} is {kind}, which does not tell easy, hard and junk; revisited-json is made of the "
            "pickle of revisited Oxford and Paris, or of such JSON"
        )
    known = revisited.read(given)
    revisited.write(out, known)
    return Converted(kind, "revisited-json", len(known.query_ids), len(known.image_ids), ())


def _truth(given: Path, out: Path, kind: str, to: str, queries: str | Path | None) -> Converted:
    if kind in label_formats.READERS and queries is None:
        raise EvaluationError(
            f"{given} is {kind}, which does not say who asks, and {to} does; give a list of the queries "
            "(--queries), which is the same file where every image asks"
        )
    asked = None if queries is None else label_formats.read_list(Path(queries))
    if kind in label_formats.READERS and asked is not None:
        _check_apart(label_formats.READERS[kind](given), asked)
    known = read_truth(given, queries=asked)
    notes = convert_truth.write(out, known, to)
    return Converted(kind, to, len(known.truth.query_ids), len(known.images.ids), tuple(notes))


def _check_apart(table: LabelTable, asked: LabelTable) -> None:
    """Refuse labels of which only rankings would show whether the queries are images of the index."""
    inside = set(asked.ids).intersection(table.ids)
    if inside and len(inside) < len(table.ids):
        raise EvaluationError(
            f"{asked.source} asks with {len(inside)} images of {table.source}, such as {min(inside)!r}, and "
            "nothing says whether they were searched too; give the labels of the index alone"
        )


def _kind(given: Path, to: str) -> str:
    """Tell the kind of the file; where it is of the other sort only, say so, not that it is unknown."""
    sorts = [("rankings", detect.ranking_format, RANKINGS), ("a truth", detect.truth_format, TRUTHS)]
    if to in TRUTHS:
        sorts.reverse()
    (wanted, find, _), (other, find_other, others) = sorts
    try:
        return find(given)
    except EvaluationError as error:
        try:
            found = find_other(given)
        except EvaluationError:
            raise error from None
        raise EvaluationError(
            f"{given} is {found}, which is {other}, and {to} is for {wanted}; give one of {', '.join(others)}"
        ) from error


def _is_same(file: Path, out: Path) -> bool:
    try:
        return os.path.samefile(file, out)
    except OSError:
        # One of them is not there.
        return False
