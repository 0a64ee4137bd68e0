"""Writes rankings in any format that holds them, and says what the format cannot carry."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from evaluate.arrays import IntArray, first_occurrences
from evaluate.errors import EvaluationError
from evaluate.formats import json_rankings, pairs, recognition, trec
from evaluate.formats.submission import write_long, write_submission
from evaluate.formats.writing import replace_csv
from evaluate.rankings import Rankings
from evaluate.words import counted, num_queries

# Formats that have a line for each answer, and so none for a query without one.
_BY_ANSWER = ("long", "trec-run", "pairs")


def write(path: Path, rankings: Rankings, to: str) -> list[str]:
    """Write the rankings as `to`, one of WRITERS, and give a sentence for each detail that is lost.

    Raises:
        EvaluationError: the format cannot carry them, or the file cannot be written.
    """
    notes: list[str] = []
    unanswered = int((_answers(rankings) == 0).sum())
    if to in _BY_ANSWER and unanswered:
        if unanswered == len(rankings.query_ids):
            raise EvaluationError(
                f"{path}: no query of {rankings.source} has an answer, and {to} has a line for answers only; "
                "write submission or json"
            )
        notes.append(
            f"{counted(unanswered, 'query has', 'queries have')} no answer and so no line; "
            "a truth that lists its queries counts such as wrong all the same"
        )
    return notes + WRITERS[to](path, rankings)


def _submission(path: Path, rankings: Rankings) -> list[str]:
    write_submission(path, rankings.query_ids, _ranked_ids(rankings))
    return _left_out(rankings)


def _long(path: Path, rankings: Rankings) -> list[str]:
    if rankings.scores is None:
        replace_csv(path, _unscored_rows(path, rankings))
        return []
    scores = [
        row[:count].tolist() for row, count in zip(rankings.scores, _answers(rankings).tolist(), strict=True)
    ]
    write_long(path, rankings.query_ids, _ranked_ids(rankings), scores)
    return []


def _run(path: Path, rankings: Rankings) -> list[str]:
    trec.write(path, rankings)
    if rankings.scores is None:
        return ["there are no scores, so those of a ranking of n are n, n - 1, .. 1"]
    with np.errstate(over="ignore"):
        single = rankings.scores.astype(np.float32)
    replaced = (single[:, 1:] >= single[:, :-1]).any(axis=1)
    rounded = (single != rankings.scores) & (rankings.rows >= 0)
    notes: list[str] = []
    if replaced.any():
        notes.append(
            f"scores of {num_queries(int(replaced.sum()))} do not fall from rank to rank in single "
            "precision, which trec_eval sorts by, so they are n, n - 1, .. 1 there"
        )
    if rounded[~replaced].any():
        notes.append("scores are rounded to single precision")
    return notes


def _pairs(path: Path, rankings: Rankings) -> list[str]:
    pairs.write(path, rankings)
    return _left_out(rankings)


def _json(path: Path, rankings: Rankings) -> list[str]:
    if rankings.scores is None:
        json_rankings.write(path, rankings)
        return []
    if _can_be_scored(rankings):
        json_rankings.write_scored(path, rankings)
        return []
    json_rankings.write(path, rankings)
    return ["scores are left out, since some rise from rank to rank, are infinite or belong to a repeat"]


def _recognition(path: Path, rankings: Rankings) -> list[str]:
    if rankings.scores is None:
        raise EvaluationError(
            f"{path}: {rankings.source} has no scores, and recognition needs a confidence for each landmark; "
            "give rankings with scores"
        )
    for place, count in enumerate(_answers(rankings).tolist()):
        if count > 1:
            query_id = rankings.query_ids[place]
            raise EvaluationError(
                f"{rankings.place(query_id)}: the query {query_id!r} has {count} answers, and recognition "
                "has one landmark for a query; keep the best one"
            )
    firsts = rankings.scores[:, 0].tolist() if rankings.scores.shape[1] else [0.0] * len(rankings.query_ids)
    answers = (
        (query_id, next(iter(rankings.ids_of(place)), None), confidence)
        for place, (query_id, confidence) in enumerate(zip(rankings.query_ids, firsts, strict=True))
    )
    recognition.write_predictions(path, answers)
    return []


WRITERS: Mapping[str, Callable[[Path, Rankings], list[str]]] = {
    "submission": _submission,
    "long": _long,
    "trec-run": _run,
    "pairs": _pairs,
    "json": _json,
    "recognition": _recognition,
}


def _answers(rankings: Rankings) -> IntArray:
    return np.asarray((rankings.rows >= 0).sum(axis=1), dtype=np.int64)


def _ranked_ids(rankings: Rankings) -> Sequence[tuple[str, ...]]:
    return [rankings.ids_of(place) for place in range(len(rankings.query_ids))]


def _left_out(rankings: Rankings) -> list[str]:
    return [] if rankings.scores is None else ["scores are left out"]


def _unscored_rows(path: Path, rankings: Rankings) -> Iterator[Sequence[str]]:
    yield ("query", "id", "rank")
    for place, query_id in enumerate(rankings.query_ids):
        for rank, image_id in enumerate(rankings.ids_of(place), start=1):
            if not query_id or not image_id or "\0" in query_id + image_id:
                raise EvaluationError(
                    f"{path}: the id {image_id!r} or {query_id!r} is empty or holds a zero byte; rename it"
                )
            yield (query_id, image_id, str(rank))


def _can_be_scored(rankings: Rankings) -> bool:
    """Tell whether an object of scores gives back these rankings: finite, falling, each image once."""
    scores, ranked = rankings.scores, rankings.rows >= 0
    if scores is None:
        return False
    return bool(
        np.isfinite(scores[ranked]).all()
        and not (scores[:, 1:] > scores[:, :-1]).any()
        and first_occurrences(rankings.rows)[ranked].all()
    )
