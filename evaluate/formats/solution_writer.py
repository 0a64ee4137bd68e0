"""Writes the solution file of GLDv2 retrieval, CSV `id,images,Usage`."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.usages import IGNORED
from evaluate.formats.writing import replace_csv

# As Google's own program for these files spells them, which tells capitals apart.
_SPELLING = {"public": "Public", "private": "Private", IGNORED: "Ignored"}
# What GLDv2 has in place of images where it ignores a query.
_NO_IMAGES = "None"


def write_solution(path: str | Path, records: Iterable[tuple[str, Sequence[str], str]]) -> None:
    """Write (query id, correct images, usage) one by one, as `read_solution` takes them.

    The images of a query whose usage is "ignored" are left out. The file appears whole or not at all.

    Raises:
        EvaluationError: an id is empty or holds white space, a query or one of its images is there twice,
            a query has no image besides itself, no query counts, or the file cannot be written.
    """
    replace_csv(Path(path), _rows(path, records))


def _rows(path: str | Path, records: Iterable[tuple[str, Sequence[str], str]]) -> Iterator[Sequence[str]]:
    yield ("id", "images", "Usage")
    seen: set[str] = set()
    num_counted = 0
    for query_id, image_ids, usage in records:
        _check_id(path, query_id, query_id)
        if query_id in seen:
            raise EvaluationError(f"{path}: the query {query_id!r} is there twice; keep one of the two")
        seen.add(query_id)
        if usage == IGNORED:
            yield (query_id, _NO_IMAGES, _SPELLING[usage])
            continue
        _check_images(path, query_id, image_ids)
        num_counted += 1
        yield (query_id, " ".join(image_ids), _SPELLING.get(usage, usage))
    if num_counted == 0:
        raise EvaluationError(
            f"{path} would hold no query that counts; a solution must have one that is not ignored"
        )


def _check_images(path: str | Path, query_id: str, image_ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for image_id in image_ids:
        _check_id(path, query_id, image_id)
        if image_id in seen:
            raise EvaluationError(
                f"{path}: the query {query_id!r} names the image {image_id!r} twice; keep one of the two"
            )
        seen.add(image_id)
    if not seen - {query_id}:
        raise EvaluationError(
            f"{path}: the query {query_id!r} has no relevant image besides itself, which a solution cannot "
            "carry; take it out or mark it ignored"
        )


def _check_id(path: str | Path, query_id: str, identifier: str) -> None:
    # The very split of the reader; "\0" is refused there as well.
    if identifier.split() != [identifier] or "\0" in identifier:
        raise EvaluationError(
            f"{path}: the id {identifier!r} (query {query_id!r}) is empty or holds white space, which a "
            "solution cannot carry; rename it"
        )
