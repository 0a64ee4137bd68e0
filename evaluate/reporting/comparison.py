"""The report of a comparison as a document: differences, curves, and the queries that moved most."""

from collections.abc import Mapping

from evaluate.comparison import Comparison, Difference, Moved
from evaluate.ground_truth import GroundTruth, Held
from evaluate.reporting import curves
from evaluate.reporting.document import (
    Block,
    Chart,
    Document,
    Interval,
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

_MAX_LINES = 6


def comparison_document(
    comparison: Comparison,
    known: GroundTruth,
    systems: Mapping[str, Held],
    made_by: Mapping[str, str | int | float],
    picture_of: PictureOf | None = None,
) -> Document:
    """Build the report of a comparison; without `picture_of` the queries are named, not shown."""
    sections = [
        Section("Systems", comparison.sampling.sentence(), (_systems(comparison),)),
        Section(
            "Differences",
            f"Each system less {comparison.baseline}, query by query; p is of a paired permutation "
            "test, intervals are percentile ones.",
            (_differences(comparison), _effects(comparison), *(Note(note) for note in comparison.notes)),
        ),
        Section("Along the ranking", curves.BAND, _charts(systems)),
    ]
    sections += [
        Section(
            f"What moved most: {one.system}",
            f"The queries whose {comparison.metric} changed most against {comparison.baseline}.",
            _moved(one, comparison, known, systems, picture_of),
        )
        for one in comparison.differences
    ]
    sections.append(how_it_was_made(made_by))
    return Document(
        f"Comparison by {comparison.metric}",
        subtitle(known),
        tuple(sections),
        tuple(headline(name, figure) for name, figure in comparison.figures.items()),
        comparison.sampling.level,
    )


def _systems(comparison: Comparison) -> Table:
    rows = [(name, interval_of(figure), figure.queries) for name, figure in comparison.figures.items()]
    return Table(("system", comparison.metric, "queries"), tuple(rows), "Each system alone")


def _differences(comparison: Comparison) -> Table:
    rows = [
        (
            one.system,
            Interval(one.value, one.low, one.high),
            one.tally.wins,
            one.tally.ties,
            one.tally.losses,
            round(one.p, 4),
            round(one.p_holm, 4),
        )
        for one in comparison.differences
    ]
    columns = ("system", "difference", "better", "same", "worse", "p", "p (Holm)")
    return Table(columns, tuple(rows), f"Differences to {comparison.baseline}")


def _effects(comparison: Comparison) -> Table:
    rows = [
        (one.system, one.d, one.rank_biserial, one.detectable, one.queries_for_a_point)
        for one in comparison.differences
    ]
    columns = ("system", "d_z", "rank-biserial", "smallest difference that shows", "queries that show .01")
    return Table(columns, tuple(rows), "How large they are, and what so many queries can show")


def _charts(systems: Mapping[str, Held]) -> tuple[Block, ...]:
    shown = {
        name: held.outcome
        for name, held in list(systems.items())[:_MAX_LINES]
        if held.outcome.hits.shape[1] and (held.outcome.num_relevant > 0).any()
    }
    if not shown:
        return (NO_RANKING,)
    is_long = any(outcome.hits.shape[1] > 20 for outcome in shown.values())
    return (
        Chart(
            "Precision at recall",
            "recall",
            "precision",
            tuple(curves.precision_recall(outcome, name) for name, outcome in shown.items()),
        ),
        Chart(
            "Queries with a correct image so far",
            "rank",
            "share of queries",
            tuple(curves.hit_rate(outcome, name) for name, outcome in shown.items()),
            logarithmic=is_long,
        ),
    )


def _moved(
    one: Difference,
    comparison: Comparison,
    known: GroundTruth,
    systems: Mapping[str, Held],
    picture_of: PictureOf | None,
) -> tuple[Block, ...]:
    if not one.moved:
        return (Note("No query moved."),)
    rows = [
        (query.query_id, query.before, query.after, query.after - query.before, query.first_shown,
         _ranks(query.ranks_before), _ranks(query.ranks_after))
        for query in one.moved
    ]  # fmt: skip
    columns = ("query", "before", "after", "change", "first that moved", "ranks before", "ranks after")
    table = Table(columns, tuple(rows), "Values, and the ranks of correct images from the first that moved")
    place = {query_id: number for number, query_id in enumerate(known.truth.query_ids)}
    pictures: list[PictureRow] = []
    for query in one.moved if picture_of else ():
        for when, name in (("before", comparison.baseline), ("after", one.system)):
            row = ranking_row(systems[name], known, place[query.query_id], picture_of)
            note = _row_note(query, when)
            pictures.append(PictureRow(f"{query.query_id}, {when}: {name}", note, row))
    return (table, *pictures)


def _row_note(query: Moved, when: str) -> str:
    value, ranks = (
        (query.before, query.ranks_before) if when == "before" else (query.after, query.ranks_after)
    )
    return f"{value:.3f}; correct ones from number {query.first_shown} on at {_ranks(ranks)}"


def _ranks(ranks: tuple[int, ...]) -> str:
    return ", ".join(map(str, ranks)) if ranks else "no rank"
