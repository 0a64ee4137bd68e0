"""From ids and labels to database rows: which are correct for each query, and which is the query itself."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaluate.arrays import IntArray, members
from evaluate.errors import EvaluationError
from evaluate.repeats import refuse_repeats
from evaluate.row_lists import frozen


def rows_of_labels(
    query_ids: Sequence[str],
    query_labels: Sequence[str],
    database_rows: Sequence[int] | IntArray,
    database_ids: Sequence[str],
    database_labels: Sequence[str],
) -> tuple[tuple[IntArray, ...], tuple[IntArray, ...]]:
    """Give for each query the rows with its label, without its own, and its own row, if it has one.

    A database row with the label '' is correct for nothing. Queries of one label share one array.

    Raises:
        ValueError: there are not as many labels, or rows, as ids.
        EvaluationError: there is no query, an id is there twice, or a query has no label
            or no relevant row; the first of them is named.
    """
    if not len(query_ids):
        raise EvaluationError("there is no query to evaluate; give at least one that has a label")
    refuse_repeats("the query", query_ids)
    refuse_repeats("the database image", database_ids)
    row_of_id: dict[str, int] = {}
    grouped: dict[str, list[int]] = {}
    for row, image_id, label in zip(database_rows, database_ids, database_labels, strict=True):
        row_of_id[image_id] = int(row)
        if label:
            grouped.setdefault(label, []).append(int(row))
    rows_of_label = {label: frozen(grouped.get(label, ())) for label in set(query_labels)}
    own = own_rows(query_ids, row_of_id)
    relevant: list[IntArray] = []
    for query_id, label, self_row in zip(query_ids, query_labels, own, strict=True):
        if not label:
            raise EvaluationError(
                f"the query {query_id!r} has no label; leave such queries out of the evaluation"
            )
        shared = rows_of_label[label]
        # A copy only where the query itself stands in the database under its label.
        rows = shared[~members(shared, self_row)] if members(self_row, shared).any() else shared
        if rows.size == 0:
            raise EvaluationError(
                f"the query {query_id!r} has no relevant image: no other database image has the label "
                f"{label!r}; add one to the database or leave the query out"
            )
        relevant.append(rows)
    return tuple(relevant), own


def rows_named(image_ids: Sequence[str], row_of_id: Mapping[str, int], place: str) -> IntArray:
    """Look up the rows of images, in their order; `place` says where they are named, for messages.

    Raises:
        EvaluationError: an image has no row.
    """
    for image_id in image_ids:
        if image_id not in row_of_id:
            raise EvaluationError(
                f"{place} names the image {image_id!r}, which is not in the index; "
                "add the image or use the truth of this index"
            )
    return np.array([row_of_id[image_id] for image_id in image_ids], dtype=np.int64)


def own_rows(query_ids: Sequence[str], row_of_id: Mapping[str, int]) -> tuple[IntArray, ...]:
    """Give for each query the row of the image with its own id, or no row."""
    nothing = frozen(())
    return tuple(frozen((row_of_id[name],)) if name in row_of_id else nothing for name in query_ids)
