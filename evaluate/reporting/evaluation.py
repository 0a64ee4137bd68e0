"""The report of one system as a document: figures, curves, groups, the worst queries and how it was made."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from evaluate.coverage import Coverage
from evaluate.figures import Figure
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.report import ALL, Report
from evaluate.reporting import curves
from evaluate.reporting.document import (
    Block,
    Chart,
    Document,
    Facts,
    Headline,
    Interval,
    Note,
    Picture,
    PictureRow,
    Section,
    Table,
)

# Gives the embedded picture of a query (True) or of an image (False) by its id, or None.
PictureOf = Callable[[str, bool], str | None]

_WORST = 10
_SHOWN = 5
_MAX_GROUPS = 60


def evaluation_document(
    title: str,
    report: Report,
    held: Held,
    known: GroundTruth,
    metrics: Sequence[Metric],
    made_by: Mapping[str, str | int | float],
    picture_of: PictureOf | None = None,
) -> Document:
    """Build the report of one system; without `picture_of` the worst queries are named, not shown."""
    sections = [
        Section("Figures", report.sampling.sentence(), _figure_blocks(report)),
        Section("Along the ranking", "Means over queries with their 95 % bands.", _charts(held)),
    ]
    sections += [
        Section(f"By {_column(name)}", _cut_note(groups), (_groups_table(_column(name), groups),))
        for name, groups in report.strata.items()
    ]
    sections.append(_worst(held, known, metrics[0], picture_of))
    if report.coverage is not None:
        sections.append(Section("Coverage", "", _coverage_blocks(report.coverage)))
    sections.append(Section("How this was made", "", (Facts(tuple(made_by.items())),)))
    return Document(
        title,
        f"{held.outcome.num_queries:,} queries of {known.source}",
        tuple(sections),
        tuple(
            Headline(name, _interval(figure), f"{figure.queries:,} queries")
            for name, figure in list(report.metrics.items())[:4]
        ),
    )


def _figure_blocks(report: Report) -> tuple[Block, ...]:
    rows = [
        (name, block, _interval(figure), figure.queries)
        for block, found in {ALL: report.metrics, **report.usages}.items()
        for name, figure in found.items()
    ]
    blocks: list[Block] = [
        Table(("metric", "queries", "figure", "count"), tuple(rows), "Figures with intervals")
    ]
    if report.unanswered:
        blocks.append(
            Note(
                f"{len(report.unanswered):,} queries have no answer and count as wrong: "
                f"{', '.join(report.unanswered[:_WORST])}{' …' if len(report.unanswered) > _WORST else ''}",
                "warning",
            )
        )
    return (*blocks, *(Note(note) for note in report.notes))


def _charts(held: Held) -> tuple[Block, ...]:
    outcome = held.outcome
    if not outcome.hits.shape[1] or not (outcome.num_relevant > 0).any():
        return (Note("There is no ranking to draw."),)
    is_long = outcome.hits.shape[1] > 20
    return (
        Chart("Precision at recall", "recall", "precision", (curves.precision_recall(outcome),)),
        Chart(
            "Hits along the ranking",
            "rank",
            "share",
            (
                curves.hit_rate(outcome, "queries with a hit"),
                curves.found_share(outcome, "correct images found"),
                curves.precision_at_rank(outcome, "precision"),
            ),
            logarithmic=is_long,
        ),
    )


def _groups_table(column: str, groups: Mapping[str, Mapping[str, Figure]]) -> Table:
    names = list(dict.fromkeys(name for found in groups.values() for name in found))
    rows = [
        (
            value or "(none)",
            max((figure.queries for figure in found.values()), default=0),
            *(_interval(found[name]) if name in found else None for name in names),
        )
        for value, found in list(groups.items())[:_MAX_GROUPS]
    ]
    return Table((column, "queries", *names), tuple(rows), f"Figures by {column}")


def _cut_note(groups: Mapping[str, object]) -> str:
    return f"The first {_MAX_GROUPS} of {len(groups):,} groups." if len(groups) > _MAX_GROUPS else ""


def _column(name: str) -> str:
    return "number of correct images" if name == "m" else name


def _worst(held: Held, known: GroundTruth, metric: Metric, picture_of: PictureOf | None) -> Section:
    values = metric.per_query(held.outcome)
    badness = values if metric.lower_is_better else -values
    names = known.truth.query_ids
    counted = np.flatnonzero(~np.isnan(values)).tolist()
    places = sorted(counted, key=lambda place: (-badness[place], names[place]))[:_WORST]
    rows = tuple(
        _picture_row(held, known, place, metric.name, float(values[place]), picture_of) for place in places
    )
    end = "largest" if metric.lower_is_better else "least"
    return Section(
        "Worst queries", f"The queries with the {end} {metric.name}, and how their rankings begin.", rows
    )


def _picture_row(
    held: Held, known: GroundTruth, place: int, name: str, value: float, picture_of: PictureOf | None
) -> PictureRow:
    ranks = np.flatnonzero(held.outcome.hits[place]) + 1
    first = f"first correct one at rank {ranks[0]}" if ranks.size else "no correct one in the ranking"
    note = f"{name} {value:.3f}; {held.outcome.num_relevant[place]} correct images, {first}"
    return PictureRow(known.truth.query_ids[place], note, ranking_row(held, known, place, picture_of))


def ranking_row(
    held: Held, known: GroundTruth, place: int, picture_of: PictureOf | None
) -> tuple[Picture, ...]:
    """Show the query in `place` and the first images of its ranking, right or wrong."""
    query_id = known.truth.query_ids[place]
    hits = held.outcome.hits[place]
    images = [
        Picture(
            picture_of(image_id, False) if picture_of else None,
            f"{rank}. {image_id}",
            "right" if hits[rank - 1] else "wrong",
        )
        for rank, image_id in enumerate(known.ids_of(held, place, _SHOWN), start=1)
    ]
    return (Picture(picture_of(query_id, True) if picture_of else None, query_id, "query"), *images)


def _coverage_blocks(found: Coverage) -> tuple[Block, ...]:
    pairs: list[tuple[str, str | int | float]] = [
        ("queries", found.queries),
        ("without an answer", found.unanswered),
        (f"with fewer than {found.depth} answers", found.short),
        (f"without a correct image in the first {found.depth}", found.missed),
        ("images that no query reaches", "index unknown" if found.unreached is None else found.unreached),
        ("most frequent image among the first ten: queries that have it", found.hubness.largest),
        ("queries that repeat an image", found.repeating),
    ]
    if found.unreached_share is not None:
        pairs.insert(5, ("share of the index that no query reaches", f"{found.unreached_share:.1%}"))
    if found.hubness.skewness is not None:
        pairs.append(
            (
                "hubness: skewness of how often images stand among the first ten",
                round(found.hubness.skewness, 2),
            )
        )
    pairs += [
        (f"queries with equal scores at ranks {rank} and {rank + 1}", count)
        for rank, count in (found.ties or {}).items()
    ]
    return (Facts(tuple(pairs)),)


def _interval(figure: Figure) -> Interval:
    return Interval(figure.value, figure.low, figure.high)
