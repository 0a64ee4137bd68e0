"""CSV with a record for each query, as GLDv2 has it: every query is named, and once."""

from collections.abc import Iterator
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.tables import read_table


def query_records(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield (line, query id, values of `required + optional`); the id is in the column id.

    Raises:
        EvaluationError: the file is unfit, or a query has an empty id or is there twice.
    """
    line_of_query: dict[str, int] = {}
    for line, values in read_table(path, ("id", *required), optional):
        query_id = values[0].strip()
        if not query_id:
            raise EvaluationError(f"{path}, line {line}: the query id is empty; every record needs one")
        if query_id in line_of_query:
            raise EvaluationError(
                f"{path}, line {line}: the query {query_id!r} was already given on line "
                f"{line_of_query[query_id]}; keep one of the two"
            )
        line_of_query[query_id] = line
        yield line, query_id, values[1:]
