"""Rankings as files: the submission of GLDv2 retrieval, and a long table with scores."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import SupportsFloat

from evaluate.errors import EvaluationError
from evaluate.formats.query_records import query_records
from evaluate.formats.writing import replace_csv


def write_submission(path: str | Path, query_ids: Sequence[str], ranked_ids: Sequence[Sequence[str]]) -> None:
    """Write CSV `id,images`, the ids of each ranking separated by spaces, best first.

    The file appears whole or not at all. A query without an answer keeps its record, with no image.

    Raises:
        EvaluationError: an id is empty or holds white space, which would split it in two, a query is
            there twice, or the file cannot be written.
        ValueError: there are not as many rankings as queries.
    """
    file = Path(path)
    _check_queries(file, query_ids)
    replace_csv(file, _submission_rows(file, query_ids, ranked_ids))


def write_long(
    path: str | Path,
    query_ids: Sequence[str],
    ranked_ids: Sequence[Sequence[str]],
    scores: Sequence[Sequence[SupportsFloat]],
) -> None:
    """Write CSV `query,id,rank,score`, a record for each ranked image; rank 1 is the best.

    Scores are written with as many digits as their type needs to be read back unchanged. The file
    appears whole or not at all.

    Raises:
        EvaluationError: an id is empty or holds a zero byte, a query is there twice, a score is not a number,
            or the file cannot be written.
        ValueError: there are not as many rankings, or scores of a ranking, as queries or ids.
    """
    file = Path(path)
    _check_queries(file, query_ids)
    replace_csv(file, _long_rows(file, query_ids, ranked_ids, scores))


def records(path: Path) -> Iterator[tuple[int, str, Sequence[str], None]]:
    """Yield (line, query id, ranked image ids best first, None) of CSV `id,images`, in the order of the file.

    An image that is ranked twice stays twice: the metrics say what that means.

    Raises:
        EvaluationError: the file cannot be read or is not UTF-8 text, lacks a column, or a query is
            there twice or has an empty id; file, line and id are named.
    """
    for line, query_id, (images,) in query_records(path, ("images",)):
        yield line, query_id, images.split(), None


def _submission_rows(
    file: Path, query_ids: Sequence[str], ranked_ids: Sequence[Sequence[str]]
) -> Iterator[Sequence[str]]:
    yield "id", "images"
    for query_id, images in zip(query_ids, ranked_ids, strict=True):
        for identifier in (query_id, *images):
            # The very split of the reader; "\0" is refused there as well.
            if identifier.split() != [identifier] or "\0" in identifier:
                raise EvaluationError(
                    f"{file}: the id {identifier!r} (query {query_id!r}) is empty or holds white space, "
                    "which a submission cannot carry; rename it or write the long format"
                )
        yield query_id, " ".join(images)


def _long_rows(
    file: Path,
    query_ids: Sequence[str],
    ranked_ids: Sequence[Sequence[str]],
    scores: Sequence[Sequence[SupportsFloat]],
) -> Iterator[Sequence[str]]:
    yield "query", "id", "rank", "score"
    for query_id, images, values in zip(query_ids, ranked_ids, scores, strict=True):
        for rank, (image_id, value) in enumerate(zip(images, values, strict=True), start=1):
            if not image_id:
                raise EvaluationError(
                    f"{file}: the image of rank {rank} (query {query_id!r}) has an empty id; give it one"
                )
            if "\0" in image_id + query_id:
                raise EvaluationError(
                    f"{file}: the image {image_id!r} (query {query_id!r}) has a zero byte in an id, which "
                    "text cannot carry; rename it"
                )
            if math.isnan(float(value)):
                raise EvaluationError(
                    f"{file}: the score of the image {image_id!r} (query {query_id!r}) is not a number; "
                    "look for NaN in its descriptor"
                )
            yield query_id, image_id, str(rank), str(value)


def _check_queries(file: Path, query_ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for query_id in query_ids:
        if not query_id:
            raise EvaluationError(f"{file}: a query has an empty id; give it one")
        if query_id in seen:
            raise EvaluationError(f"{file}: the query {query_id!r} is there twice; keep one of the two")
        seen.add(query_id)
