"""Evaluate files of rankings, by whatever system they were made."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.evaluation import report_of
from evaluate.formats import detect, label_formats
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.ranking_files import read_rankings
from evaluate.rankings import Rankings
from evaluate.truth_files import read_truth
from retrieval.evaluated import DEFAULT_METRIC, Evaluated, Wanted, file_facts, versions

_DEFAULT_METRICS: Mapping[str | None, tuple[str, ...]] = {
    "recognition": ("gap", "top1"),
    "revisited": tuple(
        f"roxford-{part}{shown}"
        for part in ("easy", "medium", "hard")
        for shown in ("", "-mp@1", "-mp@5", "-mp@10")
    ),
}


def evaluate(
    ranking: str,
    truth: str,
    wanted: Wanted,
    *,
    queries: str | None = None,
    index: str | None = None,
    photos: Sequence[str] = (),
) -> Evaluated:
    """Hold a file of rankings against a truth.

    `queries` and `index` list who asks and what was searched, `photos` where pictures for a report are.

    Raises:
        EvaluationError: a file is unfit or the files do not fit each other; file, line and id are named.
        PhotosError: a list of photographs is unfit.
    """
    metrics = wanted.metrics(default_metrics(truth))
    rankings = read_rankings(ranking)
    known = truth_for([rankings], truth, queries, index)
    held = known.hold(rankings)
    report = report_of(held, known, metrics, sampling=wanted.sampling, by=wanted.columns)
    given = {"ranking": ranking, "truth": truth, "queries": queries, "index": index}
    files = {name: file for name, file in given.items() if file is not None}
    facts = {**file_facts(files), **versions(), "intervals": wanted.sampling.sentence()}
    pictures = picture_files(photos)
    details = {**files, "provenance": facts}
    return Evaluated(
        report, known, held, metrics, f"Evaluation of {ranking}", details, facts, pictures, pictures
    )


def truth_for(systems: Sequence[Rankings], truth: str, queries: str | None, index: str | None) -> GroundTruth:
    """Read the truth that `systems` are held against, with the lists of queries and index if they are given.

    Raises:
        EvaluationError: a file is unfit or the files do not fit each other; file, line and id are named.
    """
    images = None
    if index is not None:
        table = label_formats.read_list(Path(index))
        images = ImageIndex.of(table.ids, table.labels if any(table.labels) else None, index)
    asked = None if queries is None else label_formats.read_list(Path(queries))
    return read_truth(truth, systems, queries=asked, index=images)


def default_metrics(truth: str | None) -> tuple[str, ...]:
    """Name the metrics that this kind of truth was made for; None stands for the labels of photographs.

    Raises:
        EvaluationError: the truth is of no known kind.
    """
    kind = None if truth is None else detect.truth_format(Path(truth))
    return _DEFAULT_METRICS.get(kind, (DEFAULT_METRIC,))


def default_metric(truth: str) -> str:
    """Name the one metric by which systems are compared on this kind of truth.

    Raises:
        EvaluationError: the truth is of no known kind.
    """
    names = default_metrics(truth)
    return "roxford-medium" if "roxford-medium" in names else names[0]


def picture_files(lists: Sequence[str]) -> Mapping[str, str]:
    """Find the files of photographs by id, in CSV lists and folders.

    Raises:
        PhotosError: a list or folder is unfit.
        EvaluationError: two of them mean different photographs by one id.
    """
    if not lists:
        return {}
    # Photographs alone need it, and it takes its time to import.
    from extract.photos import Photos

    files: dict[str, str] = {}
    for source in lists:
        photos = Photos.read(source)
        for name, path in zip(photos.ids, photos.paths, strict=True):
            if files.setdefault(name, path) != path:
                raise EvaluationError(
                    f"the photo {name!r} is {files[name]!r} in one of --photos and {path!r} in another; "
                    "give each id one photo"
                )
    return files
