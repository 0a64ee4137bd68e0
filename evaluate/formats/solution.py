"""The solution file of GLDv2 retrieval (`id,images,Usage`): who is asked, and what is correct."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.query_records import query_records
from evaluate.formats.usages import IGNORED, usage_of
from evaluate.tables import read_table


@dataclass(frozen=True)
class SolutionRecord:
    """One query: `image_ids` are the correct images without the query itself, `usage` is in lower case.

    `place` tells file, line and query, and opens every message about this record.
    """

    place: str
    query_id: str
    image_ids: tuple[str, ...]
    usage: str


def read_solution(path: Path) -> Iterator[SolutionRecord]:
    """Yield the records that count, in file order; those marked Ignored are passed over.

    Without the column Usage every usage is ''. Image ids are separated by white space. What a record
    marked Ignored names is not looked at (GLDv2 writes None there), its query id is.

    Raises:
        EvaluationError: the file is unfit, a query or one of its images is there twice, a query has no
            image besides itself, or no record counts.
    """
    num_counted = 0
    for line, query_id, (images, raw_usage) in query_records(path, ("images",), ("usage",)):
        usage = usage_of(raw_usage)
        if usage != IGNORED:
            num_counted += 1
            place = f"{path}, line {line}: the query {query_id!r}"
            yield SolutionRecord(place, query_id, _relevant_ids(place, query_id, images), usage)
    if num_counted == 0:
        raise EvaluationError(
            f"{path} holds no query that counts; it must have a record that is not marked Ignored"
        )


def ignored_queries(path: Path) -> frozenset[str]:
    """List the queries that a truth of GLDv2, of retrieval or recognition, marks Ignored.

    Raises:
        EvaluationError: the file is unfit.
    """
    records = read_table(path, ("id",), ("usage",))
    return frozenset(raw_id.strip() for _, (raw_id, usage) in records if usage_of(usage) == IGNORED)


def _relevant_ids(place: str, query_id: str, images: str) -> tuple[str, ...]:
    seen: dict[str, None] = {}  # a set that keeps the order
    for image_id in images.split():
        if image_id in seen:
            raise EvaluationError(f"{place} names the image {image_id!r} twice; keep one of the two")
        seen[image_id] = None
    seen.pop(query_id, None)
    if not seen:
        raise EvaluationError(
            f"{place} has no relevant image besides itself; mark the record Ignored or take it out"
        )
    return tuple(seen)
