"""The report of one system as a document: figures, curves, groups, the worst queries and how it was made."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaluate.coverage import Coverage
from evaluate.figures import Figure
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.report import ALL, Report
from evaluate.reporting import curves
from evaluate.reporting.document import (
    Block,
    Cell,
    Chart,
    Document,
    Facts,
    Note,
    PictureRow,
    Section,
    Table,
)
from evaluate.reporting.parts import (
    NO_RANKING,
    PictureOf,
    headline,
    how_it_was_made,
    interval_of,
    ranking_row,
    subtitle,
)
from evaluate.words import counted

_WORST = 10
_HEADLINES = 4
_MAX_GROUPS = 60


def evaluation_document(
    title: str,
    report: Report,
    held: Held,
    known: GroundTruth,
    *,
    metrics: Sequence[Metric],
    made_by: Mapping[str, str | int | float],
    picture_of: PictureOf | None = None,
) -> Document:
    """Build the report of one system; without `picture_of` the worst queries are named, not shown."""
    sections = [
        Section("Figures", report.sampling.sentence(), _figure_blocks(report, metrics)),
        Section("Along the ranking", curves.BAND, _charts(held)),
    ]
    sections += [
        Section(f"By {_column(name)}", _cut_note(groups), (_groups_table(_column(name), groups),))
        for name, groups in report.strata.items()
    ]
    sections.append(_worst(held, known, metrics[0], picture_of))
    if report.coverage is not None:
        sections.append(Section("Coverage", "", _coverage_blocks(report.coverage)))
    sections.append(how_it_was_made(made_by))
    return Document(
        title,
        subtitle(known),
        tuple(sections),
        tuple(headline(name, report.metrics[name]) for name in _main(list(report.metrics))),
        report.sampling.level,
    )


def _main(names: Sequence[str]) -> Sequence[str]:
    """Choose the figures for the top of the page; other dialects of one are not among them."""
    return [name for name in names if ":" not in name][:_HEADLINES] or names[:1]


def _figure_blocks(report: Report, metrics: Sequence[Metric]) -> tuple[Block, ...]:
    # Ranks of tens beside shares of 0 to 1 would leave these two decimals and no bar.
    ranks = {metric.name for metric in metrics if metric.lower_is_better}
    blocks: list[Block] = [
        Table(("metric", "queries", "figure", "count"), rows, caption)
        for rows, caption in (
            (
                _figure_rows(report, [name for name in report.metrics if name not in ranks]),
                "From 0 to 1: higher is better",
            ),
            (
                _figure_rows(report, [name for name in report.metrics if name in ranks]),
                "Ranks: lower is better",
            ),
        )
        if rows
    ]
    if report.unanswered:
        blocks.append(
            Note(
                f"{counted(len(report.unanswered), 'query has', 'queries have')} no answer and "
                f"{'counts' if len(report.unanswered) == 1 else 'count'} as wrong: "
                f"{', '.join(report.unanswered[:_WORST])}{' …' if len(report.unanswered) > _WORST else ''}",
                "warning",
            )
        )
    return (*blocks, *(Note(note) for note in report.notes))


def _figure_rows(report: Report, names: Sequence[str]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (name, block, interval_of(found[name]), found[name].queries)
        for block, found in {ALL: report.metrics, **report.usages}.items()
        for name in names
        if name in found
    )


def _charts(held: Held) -> tuple[Block, ...]:
    outcome = held.outcome
    if not outcome.hits.shape[1] or not (outcome.num_relevant > 0).any():
        return (NO_RANKING,)
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
            *(interval_of(found[name]) if name in found else None for name in names),
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
    # A query without a correct image, as recognition has, cannot do better.
    able = np.flatnonzero(~np.isnan(values) & (held.outcome.num_relevant > 0)).tolist()
    places = sorted(able, key=lambda place: (-badness[place], names[place]))[:_WORST]
    end = "largest" if metric.lower_is_better else "least"
    note = f"The queries with the {end} {metric.name}"
    if picture_of is None:
        rows = tuple((names[place], float(values[place]), _found(held, place)) for place in places)
        table = Table(("query", metric.name, "what was found"), rows, "Without photographs (--photos)")
        return Section("Worst queries", f"{note}.", (table,))
    pictures = tuple(
        PictureRow(
            names[place],
            f"{metric.name} {values[place]:.3f}; {_found(held, place)}",
            ranking_row(held, known, place, picture_of),
        )
        for place in places
    )
    return Section("Worst queries", f"{note}, and how their rankings begin.", pictures)


def _found(held: Held, place: int) -> str:
    ranks = np.flatnonzero(held.outcome.hits[place]) + 1
    first = f"first correct one at rank {ranks[0]}" if ranks.size else "no correct one in the ranking"
    return f"{counted(int(held.outcome.num_relevant[place]), 'correct image', 'correct images')}, {first}"


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
