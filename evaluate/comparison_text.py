"""A comparison as text for a terminal."""

from evaluate.comparison import Comparison, Difference
from evaluate.figure_text import figure_lines
from evaluate.reporting.wording import plain
from evaluate.words import num_queries

_MAX_MOVED = 10
_HEAD = "moved most"


def table(comparison: Comparison) -> str:
    """Show each system, each difference to the first one, and the queries that moved most."""
    width = max(len(plain(name)) for name in [comparison.metric, *comparison.figures])
    systems = figure_lines(comparison.metric, comparison.figures, width, comparison.sampling.level)
    blocks = [systems, *(_difference(one, comparison) for one in comparison.differences)]
    made = f"{comparison.sampling.sentence()}; those of differences are paired and percentile intervals"
    return "\n\n".join([*blocks, *map(plain, comparison.notes), made])


def _difference(one: Difference, comparison: Comparison) -> str:
    several = len(comparison.differences) > 1
    holm = f", {one.p_holm:.4f} after Holm" if several else ""
    lines = [
        f"{plain(one.system)} less {plain(comparison.baseline)}: "
        f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}], p {one.p:.4f}{holm}",
        f"  better on {one.tally.wins}, same on {one.tally.ties}, worse on {one.tally.losses} of "
        f"{num_queries(one.queries)}; {_effect(one)}",
    ]
    if one.detectable is not None:
        more = (
            "" if one.queries_for_a_point is None else f"; one of .01 would take {one.queries_for_a_point:,}"
        )
        lines.append(f"  so many queries show a difference of {one.detectable:.4f} four times in five{more}")
    if one.moved:
        width = max(len(_HEAD), *(len(plain(query.query_id)) for query in one.moved[:_MAX_MOVED]))
        lines.append(
            f"  {_HEAD:<{width}}  before   after  ranks of correct images, from the first (#) that moved"
        )
        lines += [
            f"  {plain(query.query_id):<{width}}  {query.before:6.3f}  {query.after:6.3f}  "
            f"#{query.first_shown}: {_ranks(query.ranks_before)} -> {_ranks(query.ranks_after)}"
            for query in one.moved[:_MAX_MOVED]
        ]
    return "\n".join(lines)


def _effect(one: Difference) -> str:
    if one.rank_biserial is None:
        return "no query moved"
    effect = "" if one.d is None else f"d_z {one.d:.2f}, "
    return f"{effect}rank-biserial {one.rank_biserial:.2f}"


def _ranks(ranks: tuple[int, ...]) -> str:
    return ",".join(map(str, ranks)) if ranks else "none"
