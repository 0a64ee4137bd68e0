"""The truth that labels make: correct is every image of the index with the query's label."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evaluate.errors import EvaluationError
from evaluate.formats.labels import LabelTable
from evaluate.formats.usages import IGNORED, usage_of
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.rankings import Rankings
from evaluate.truth import Truth
from evaluate.words import counted, num_queries

_USAGE = "usage"


def from_asked(
    table: LabelTable, asked: LabelTable, index: ImageIndex | None, systems: Sequence[Rankings] = ()
) -> GroundTruth:
    """Ask the queries of one list about the images of another.

    Labels of queries come from `asked`, or from `table` where that has none. Without `index` the images
    of `table` are searched, as `from_systems` says of queries among them; with it they say what its images
    show, before its own labels. Queries without a label, or whose usage is Ignored, are passed over.

    Raises:
        EvaluationError: no query is left, or a query has no other image with its label.
    """
    label_of = dict(zip(table.ids, table.labels, strict=True))
    labels = [_label(asked, row, label_of, table.source) for row in range(len(asked.ids))]
    kept = [row for row, label in enumerate(labels) if label and _usage(asked, row) != IGNORED]
    if not kept:
        raise EvaluationError(
            f"{asked.source}: no query has a label; {table.source} has none for them either"
        )
    left_out = len(asked.ids) - len(kept)
    one = f"query of {asked.source} has no label, or is ignored, and is"
    many = f"queries of {asked.source} have no label, or are ignored, and are"
    notes = (f"{counted(left_out, one, many)} left out",)
    images, shared = _searched(table, set(asked.ids), systems, index)
    return _ground_truth(
        asked,
        kept,
        query_labels=[labels[row] for row in kept],
        images=images,
        source=table.source,
        notes=(*notes[: left_out > 0], *shared),
    )


def from_systems(
    table: LabelTable, systems: Sequence[Rankings], index: ImageIndex | None = None
) -> GroundTruth:
    """Ask what the systems answer: their queries are among the images of `table`, as the index is.

    The images that nobody asks with are the index. Where a ranking holds a query as an answer, or all
    images are queries, the queries were searched too and are part of it. With `index`, it is just that, and
    `table` says what its images show. A note says which it is, and that nobody knows of queries that no
    ranking answers.

    Raises:
        EvaluationError: a query is not in `table`, or has no label, or no other image has its label.
    """
    row_of_id = {name: row for row, name in enumerate(table.ids)}
    asked = _asked(systems, row_of_id, table.source)
    kept = [row for row in asked if _usage(table, row) != IGNORED]
    images, notes = _searched(table, {table.ids[row] for row in asked}, systems, index)
    told = [f"no list of queries: asked is what the rankings answer, {num_queries(len(kept))}"]
    if len(kept) < len(asked):
        are = counted(len(asked) - len(kept), "of their queries is", "of their queries are")
        told.append(f"{are} ignored in {table.source} and left out")
    return _ground_truth(
        table,
        kept,
        query_labels=[table.labels[row] for row in kept],
        images=images,
        source=table.source,
        notes=(*told, *notes),
    )


def _searched(
    table: LabelTable, queries: set[str], systems: Sequence[Rankings], index: ImageIndex | None
) -> tuple[ImageIndex, tuple[str, ...]]:
    """Tell the images that were searched, and in a note whether queries are among them."""
    if index is None:
        inside = queries.intersection(table.ids)
        answered = any(not inside.isdisjoint(rankings.image_ids) for rankings in systems)
        is_shared = bool(inside) and (answered or len(inside) == len(table.ids))
        rows = [row for row, name in enumerate(table.ids) if is_shared or name not in inside]
        images = ImageIndex.of([table.ids[row] for row in rows], [table.labels[row] for row in rows])
    else:
        is_shared = not queries.isdisjoint(index.ids)
        images = _labelled(index, table)
    if is_shared:
        return images, ("queries are images of the index too; none counts for itself",)
    apart = index is None and not queries.isdisjoint(table.ids)
    return images, (f"queries that {table.source} lists are not images of the index",) if apart else ()


def _asked(systems: Sequence[Rankings], row_of_id: Mapping[str, int], source: str) -> list[int]:
    asked: dict[int, None] = {}  # a set that keeps the order
    for rankings in systems:
        for name in rankings.query_ids:
            if name not in row_of_id:
                raise EvaluationError(
                    f"{rankings.place(name)}: the query {name!r} is not in {source}, which must "
                    "have the labels of queries and of index images; add it, or give the queries in a file "
                    "of their own (--queries)"
                )
            asked[row_of_id[name]] = None
    # In the order of the table, so that no interval depends on that of the rankings.
    return sorted(asked)


def _ground_truth(
    queries: LabelTable,
    kept: Sequence[int],
    *,
    query_labels: Sequence[str],
    images: ImageIndex,
    source: str,
    notes: tuple[str, ...],
) -> GroundTruth:
    query_ids = [queries.ids[row] for row in kept]
    truth = Truth.from_labels(
        query_ids,
        query_labels,
        images.rows,
        images.ids,
        images.labels or (),
        [_usage(queries, row) for row in kept],
    )
    columns = columns_of(queries, query_ids)
    columns["label"] = tuple(query_labels)
    return GroundTruth(
        truth,
        images,
        is_whole=True,
        source=source,
        passed_over=frozenset(queries.ids).difference(query_ids),
        query_labels=tuple(query_labels),
        columns=columns,
        notes=notes,
        asked_in="" if queries.source == source else queries.source,
    )


def columns_of(table: LabelTable, query_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Look up what `table` says of each query by column name, the label first; '' where it lacks one."""
    row_of_id = {name: row for row, name in enumerate(table.ids)}
    rows = [row_of_id.get(name, -1) for name in query_ids]
    columns = {"label": table.labels, **table.columns}
    return {name: tuple(values[row] if row >= 0 else "" for row in rows) for name, values in columns.items()}


def _label(asked: LabelTable, row: int, label_of: Mapping[str, str], source: str) -> str:
    """Take the label that the list of queries or the truth has for a query, '' where both have none."""
    own, other = asked.labels[row], label_of.get(asked.ids[row])
    if own and other and own != other:
        raise EvaluationError(
            f"{asked.place(row)} has the label {own!r}, and {other!r} in {source}; make the two agree"
        )
    if not own and other is None and not any(asked.labels):
        raise EvaluationError(
            f"{asked.place(row)} is not in {source}, and the list has no labels; add one, or take it out"
        )
    return own or other or ""


def _labelled(index: ImageIndex, table: LabelTable) -> ImageIndex:
    label_of = dict(zip(table.ids, table.labels, strict=True))
    own = index.labels or ("",) * len(index.ids)
    labels = tuple(label_of.get(name) or label for name, label in zip(index.ids, own, strict=True))
    return replace(index, labels=labels)


def _usage(table: LabelTable, row: int) -> str:
    return usage_of(table.columns[_USAGE][row]) if _USAGE in table.columns else ""
