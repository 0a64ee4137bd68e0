"""GLDv2 recognition as CSV `id,landmarks`: one landmark and a confidence for each query, and the truth."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.query_records import query_records
from evaluate.formats.reading import number, require_words
from evaluate.formats.usages import IGNORED, usage_of
from evaluate.formats.writing import replace_csv


def predictions(path: Path) -> Iterator[tuple[int, str, str | None, float]]:
    """Yield (line, query id, landmark, its confidence) in file order; None and -inf without a prediction.

    Raises:
        EvaluationError: the file is unfit or has no record, a query is there twice or has an empty id, or
            what is predicted is not one pair of a landmark and a finite confidence.
    """
    for line, query_id, words, _ in _records(path):
        place = f"{path}, line {line}: the query {query_id!r}"
        if not words:
            yield line, query_id, None, -math.inf
            continue
        if len(words) > 2:
            raise EvaluationError(
                f"{place} has more than one pair ({' '.join(words)!r:.80}); keep the most confident one"
            )
        if len(words) == 1:
            raise EvaluationError(
                f"{place} has {words[0]!r}, which is not a pair; "
                "write a landmark, a space and its confidence, or nothing"
            )
        confidence = number(words[1])
        if not math.isfinite(confidence):
            raise EvaluationError(f"{place} has the confidence {words[1]!r}; it must be a finite number")
        yield line, query_id, words[0], confidence


def truth(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], str]]:
    """Yield (line, query id, correct landmarks or none, usage in lower case or '') in file order.

    Records marked Ignored are passed over; a query without a landmark shows none of the index.

    Raises:
        EvaluationError: the file is unfit, a query is there twice or has an empty id, a landmark is there
            twice for a query, or no record counts.
    """
    num_counted = 0
    for line, query_id, labels, usage in _records(path):
        if usage == IGNORED:
            continue
        for place, label in enumerate(labels):
            if label in labels[:place]:
                raise EvaluationError(
                    f"{path}, line {line}: the query {query_id!r} has the landmark {label!r} twice; keep one "
                    "of the two"
                )
        num_counted += 1
        yield line, query_id, labels, usage
    if num_counted == 0:
        raise EvaluationError(
            f"{path} holds no query that counts; it must have a record that is not marked Ignored"
        )


def write_predictions(path: Path, answers: Iterable[tuple[str, str | None, float]]) -> None:
    """Write (query id, landmark or None, its confidence) one by one; the confidence of None is left out.

    Raises:
        EvaluationError: an id or a landmark is empty or holds white space, a query is there twice, a
            confidence is not finite, or the file cannot be written.
    """
    rows = [["id", "landmarks"]]
    seen: set[str] = set()
    for query_id, label, confidence in answers:
        _check(path, query_id, () if label is None else (label,), seen)
        if label is not None and not math.isfinite(confidence):
            raise EvaluationError(
                f"{path}: the query {query_id!r} has the confidence {confidence}; it must be a finite number"
            )
        rows.append([query_id, "" if label is None else f"{label} {float(confidence)}"])
    replace_csv(path, rows)


def _records(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], str]]:
    is_empty = True
    for line, query_id, (landmarks, usage) in query_records(path, ("landmarks",), ("usage",)):
        is_empty = False
        yield line, query_id, tuple(landmarks.split()), usage_of(usage)
    if is_empty:
        raise EvaluationError(f"{path} holds no query; it must have a record for each")


def _check(path: Path, query_id: str, labels: tuple[str, ...], seen: set[str]) -> None:
    require_words(path, query_id, (query_id, *labels))
    if query_id in seen:
        raise EvaluationError(f"{path}: the query {query_id!r} is there twice; keep one of the two")
    seen.add(query_id)
