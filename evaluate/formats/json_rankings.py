"""Rankings as JSON: `{query: [image, ..]}`, best first, or `{query: {image: score}}`, the run of ranx."""

import json
import math
import reprlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluate.arrays import FloatArray
from evaluate.errors import EvaluationError
from evaluate.formats.json_object import entries
from evaluate.formats.writing import replace_lines
from evaluate.rankings import Rankings


def records(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], tuple[float, ...] | None]]:
    """Yield (line, query id, ranked image ids best first, scores or None), in the order of the file.

    Images with scores are put in order, the highest score first, equal ones as they stand. In a list, an
    image that is there twice stays twice: the metrics say what that means.

    Raises:
        EvaluationError: the file is unfit, holds no query, a query or an image with a score is there twice,
            an id is empty or no text, or a score is NaN or no number.
    """
    empty = True
    for line, query_id, ranking in entries(path):
        empty = False
        place = f"{path}, line {line}: the query {query_id!r}"
        if not query_id:
            raise EvaluationError(f"{path}, line {line}: the query id is empty; every query needs one")
        if not isinstance(ranking, list | dict):
            raise EvaluationError(
                f"{place} must have a list of image ids or an object of their scores, "
                f"got {reprlib.repr(ranking)}"
            )
        for image_id in ranking:
            if not isinstance(image_id, str) or not image_id:
                raise EvaluationError(
                    f"{place} has the image {reprlib.repr(image_id)}; an id must be a text that is not empty"
                )
        if isinstance(ranking, list):
            yield line, query_id, tuple(ranking), None
            continue
        scores = {image_id: _score(place, image_id, value) for image_id, value in ranking.items()}
        # sorted is stable, in reverse too: equal scores keep the order of the file.
        image_ids = sorted(scores, key=lambda image_id: scores[image_id], reverse=True)
        yield line, query_id, tuple(image_ids), tuple(scores[image_id] for image_id in image_ids)
    if empty:
        raise EvaluationError(f"{path} holds no ranking; it must have an entry for each query")


def write(path: Path, rankings: Rankings) -> None:
    """Write lists of image ids, a query a line; scores are left out.

    Raises:
        EvaluationError: the file cannot be written.
    """
    values = (json.dumps(rankings.ids_of(place), ensure_ascii=False) for place in _places(rankings))
    replace_lines(path, _object(rankings, values))


def write_scored(path: Path, rankings: Rankings) -> None:
    """Write objects of image ids and scores, a query a line, which read back give the same rankings.

    Raises:
        EvaluationError: an image is there twice for a query, a score is not finite or higher than the one
            before it, or the file cannot be written.
        ValueError: the rankings have no scores.
    """
    if rankings.scores is None:
        raise ValueError("rankings without scores cannot be written with scores; use write")
    values = (_scored(path, rankings, rankings.scores, place) for place in _places(rankings))
    replace_lines(path, _object(rankings, values))


def _score(place: str, image_id: str, value: object) -> float:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            return float(value)
    except OverflowError:
        pass
    raise EvaluationError(
        f"{place} has the score {reprlib.repr(value)} for the image {image_id!r}; it must be a number"
    )


def _places(rankings: Rankings) -> range:
    return range(len(rankings.query_ids))


def _object(rankings: Rankings, values: Iterable[str]) -> Iterator[str]:
    # A query a line, so that a message about the file can name the line.
    yield "{"
    last = len(rankings.query_ids) - 1
    for place, (query_id, value) in enumerate(zip(rankings.query_ids, values, strict=True)):
        yield f"{json.dumps(query_id, ensure_ascii=False)}: {value}{',' if place < last else ''}"
    yield "}"


def _scored(path: Path, rankings: Rankings, scores: FloatArray, place: int) -> str:
    ranked: dict[str, float] = {}
    last = math.inf
    image_ids = rankings.ids_of(place)
    for image_id, score in zip(image_ids, scores[place, : len(image_ids)].tolist(), strict=True):
        fault = ""
        if image_id in ranked:
            fault = "is there twice"
        elif not math.isfinite(score):
            fault = f"has the score {score}"
        elif score > last:
            fault = f"has a higher score ({score}) than the image before it ({last})"
        if fault:
            raise EvaluationError(
                f"{path}: the image {image_id!r} of the query {rankings.query_ids[place]!r} {fault}, "
                "which an object of scores cannot carry; write the lists without scores"
            )
        ranked[image_id] = last = score
    return json.dumps(ranked, ensure_ascii=False)
