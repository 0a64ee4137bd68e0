"""Rankings as a run of TREC: `query Q0 image rank score tag` a line, parted by white space."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats.grouping import Rows
from evaluate.formats.reading import number, require_words, word_lines
from evaluate.formats.writing import replace_lines
from evaluate.rankings import Rankings

_TAG = "landmark-retrieval"


def records(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], tuple[float, ...]]]:
    """Yield (line of its first record, query id, ranked image ids best first, scores), in trec_eval's order.

    That is by score, the highest first; of equal scores the larger image id (by code point) comes first.
    The column rank is not looked at. trec_eval holds scores in single precision, so two that differ only
    beyond it are equal; the scores given are those. Lines may stand in any order, queries come as they
    first appear. Source: trec_eval 9, form_res_rels.c and get_trec_results.c.

    Raises:
        EvaluationError: the file is unfit, a line has not six columns, a score is NaN or no number,
            or an image is there twice for a query.
    """
    rows, scores = Rows(), array("f")
    for line, (query_id, _, image_id, _, text, _) in word_lines(path, 6, "query Q0 image rank score tag"):
        value = number(text)
        if value != value:
            raise EvaluationError(
                f"{path}, line {line}: the score of the image {image_id!r} (query {query_id!r}) must be a "
                f"number, got {text!r}"
            )
        rows.add(line, query_id, image_id)
        scores.append(value)
    if not rows:
        raise EvaluationError(f"{path} holds no ranking; it must have a line for each ranked image")
    for query_id, places, image_ids in rows.once_by_query(path, "given"):
        values = (scores[place] for place in places.tolist())
        ranked = sorted(zip(values, image_ids, strict=True), reverse=True)
        best_first, names = zip(*ranked, strict=True)
        yield rows.line(places[0]), query_id, names, best_first


def write(path: Path, rankings: Rankings) -> None:
    """Write a run that trec_eval reads in the very order of the rankings.

    Where the scores of a query do not fall from rank to rank in single precision, or there are none, the
    query's scores are n, n - 1, .. 1 instead. A query without an answer has no line, and trec_eval leaves
    it out of its means unless told to count it (-c).

    Raises:
        EvaluationError: an id is empty or holds white space, an image is there twice for a query,
            or the file cannot be written.
    """
    replace_lines(path, _lines(path, rankings))


def _lines(path: Path, rankings: Rankings) -> Iterator[str]:
    for place, query_id in enumerate(rankings.query_ids):
        image_ids = rankings.ids_of(place)
        require_words(path, query_id, (query_id, *image_ids))
        seen: set[str] = set()
        scores = _falling_scores(rankings, place, len(image_ids))
        for rank, (image_id, score) in enumerate(zip(image_ids, scores, strict=True), start=1):
            if image_id in seen:
                raise EvaluationError(
                    f"{path}: the image {image_id!r} is there twice for the query {query_id!r}, which a run "
                    "of TREC cannot carry; keep one of the two or write the long format"
                )
            seen.add(image_id)
            yield f"{query_id} Q0 {image_id} {rank} {score} {_TAG}"


def _falling_scores(rankings: Rankings, place: int, length: int) -> list[str]:
    if rankings.scores is not None:
        # What overflows single precision is infinite for trec_eval too.
        with np.errstate(over="ignore"):
            single = rankings.scores[place, :length].astype(np.float32)
        # `==` with itself: NaN is in no order.
        if (single == single).all() and (single[1:] < single[:-1]).all():
            return [str(score) for score in single]
    return [str(score) for score in range(length, 0, -1)]
