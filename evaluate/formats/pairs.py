"""Rankings as the pairs that hloc matches: `query image` a line, best first, parted by white space."""

from collections.abc import Iterator
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.grouping import Rows
from evaluate.formats.reading import require_words, word_lines
from evaluate.formats.writing import replace_lines
from evaluate.rankings import Rankings


def records(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], None]]:
    """Yield (line of its first pair, query id, image ids in file order, None).

    The pairs of a query need not stand together; queries come as they first appear. An image that is
    there twice stays twice: the metrics say what that means.

    Raises:
        EvaluationError: the file is unfit, holds no pair, or a line has not two columns.
    """
    rows = Rows()
    for line, (query_id, image_id) in word_lines(path, 2, "query image"):
        rows.add(line, query_id, image_id)
    if not rows:
        raise EvaluationError(f"{path} holds no ranking; it must have a line 'query image' for each pair")
    for query_id, places, image_ids in rows.by_query():
        yield rows.line(places[0]), query_id, tuple(image_ids), None


def write(path: Path, rankings: Rankings) -> None:
    """Write a line for each ranked image; a query without an answer has none, and scores are left out.

    Raises:
        EvaluationError: an id is empty or holds white space, or the file cannot be written.
    """
    replace_lines(path, _lines(path, rankings))


def _lines(path: Path, rankings: Rankings) -> Iterator[str]:
    for place, query_id in enumerate(rankings.query_ids):
        image_ids = rankings.ids_of(place)
        require_words(path, query_id, (query_id, *image_ids))
        for image_id in image_ids:
            yield f"{query_id} {image_id}"
