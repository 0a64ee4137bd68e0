"""The graded truth of TREC: `query 0 image relevance` a line, parted by white space."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.grouping import Rows
from evaluate.formats.reading import require_words, word_lines
from evaluate.formats.writing import replace_lines

_RELEVANCE = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


def records(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], tuple[int, ...]]]:
    """Yield (line of its first record, query id, image ids, their relevances), in file order.

    A relevance of 0 or less means not relevant and is given as 0. The second column is not looked at.
    Lines may stand in any order, queries come as they first appear.

    Raises:
        EvaluationError: the file is unfit, a line has not four columns, a relevance is no integer,
            or an image is there twice for a query.
    """
    rows, relevances = Rows(), array("i")
    for line, (query_id, _, image_id, relevance) in word_lines(path, 4, "query 0 image relevance"):
        if not _RELEVANCE.fullmatch(relevance):
            raise EvaluationError(
                f"{path}, line {line}: the relevance of the image {image_id!r} (query {query_id!r}) must be "
                f"an integer, got {relevance!r}"
            )
        rows.add(line, query_id, image_id)
        relevances.append(max(int(relevance), 0))
    if not rows:
        raise EvaluationError(f"{path} holds no truth; it must have a line for each judged image")
    for query_id, places, image_ids in rows.once_by_query(path, "judged"):
        grades = tuple(relevances[place] for place in places.tolist())
        yield rows.line(places[0]), query_id, tuple(image_ids), grades


def write(path: Path, judgements: Iterable[tuple[str, Sequence[str], Sequence[int]]]) -> None:
    """Write (query id, image ids, their relevances) one by one; a query without images has no line.

    Raises:
        EvaluationError: an id is empty or holds white space, or the file cannot be written.
        ValueError: a query has not as many relevances as images.
    """
    replace_lines(path, _lines(path, judgements))


def _lines(path: Path, judgements: Iterable[tuple[str, Sequence[str], Sequence[int]]]) -> Iterator[str]:
    for query_id, image_ids, relevances in judgements:
        require_words(path, query_id, (query_id, *image_ids))
        for image_id, relevance in zip(image_ids, relevances, strict=True):
            yield f"{query_id} 0 {image_id} {relevance}"
