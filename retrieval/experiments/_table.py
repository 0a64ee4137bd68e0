"""Tell what an experiment found: a table as text and Markdown, plain values for JSON, and the sentences."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from retrieval.experiments._statistics import ArmFigure, Judged, Pair
from retrieval.experiments._study import Study, share_text

METHOD = (
    "Ours is the mean over seeds, ± their standard deviation; the interval (95 %) is Student's, of the "
    "variance over queries (bootstrap) and over seeds together. Pairs are compared on the same queries and "
    "seeds, their p-values corrected after Holm."
)
_RANDOM = "random initialisation"
_MOST_NAMED = 6


@dataclass(frozen=True)
class Report:
    """Everything that is told of a finished experiment."""

    name: str
    study: Study
    small: bool
    seeds: int
    judged: tuple[Judged, ...]
    seconds: float


def text(report: Report) -> str:
    """Show the table for a terminal."""
    lines = [*_head(report), ""]
    for judged in report.judged:
        rows = [_COLUMNS, *(_cells(report, figure) for figure in judged.arms)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += [_heading(judged), *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows), ""]
    return "\n".join([*lines, *sentences(report), METHOD])


def markdown(report: Report) -> str:
    """Show the same in Markdown."""
    first, *others = _head(report)
    lines = [f"# {first}", ""]
    for line in others:
        lines += [line, ""]
    for judged in report.judged:
        lines += [f"## {_heading(judged)}", "", _line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
        lines += [_line(_cells(report, figure)) for figure in judged.arms]
        lines.append("")
        if judged.pairs:
            lines += [_line(_PAIR_COLUMNS), _line(["---"] * len(_PAIR_COLUMNS))]
            lines += [_line(_pair_cells(pair)) for pair in judged.pairs]
            lines.append("")
    for sentence in (*sentences(report), METHOD):
        lines += [sentence, ""]
    return "\n".join(lines)


def to_dict(report: Report) -> dict[str, object]:
    """Give everything as plain values."""
    study = report.study
    return {
        "experiment": report.name,
        "title": study.title,
        "source": study.source,
        "question": study.question,
        "small": report.small,
        "stand_in": study.stand_in if report.small else "",
        "seeds": report.seeds,
        "seconds": round(report.seconds, 1),
        "measures": [
            {
                "name": judged.measure.name,
                "metric": judged.measure.metric,
                "queries": judged.queries,
                "arms": [asdict(figure) | {"note": _note(report, figure)} for figure in judged.arms],
                "pairs": [asdict(pair) for pair in judged.pairs],
                "disputed": [list(pair) for pair in judged.disputed],
            }
            for judged in report.judged
        ],
        "sentences": sentences(report),
        "method": METHOD,
    }


def sentences(report: Report) -> list[str]:
    """Say for each measure whether the study's ranking holds."""
    return [f"{judged.measure.name}: {_sentence(report, judged)}" for judged in report.judged]


def _sentence(report: Report, judged: Judged) -> str:
    told = []
    if judged.pairs:
        told.append(_ranking(judged.pairs))
    elif not _is_ordered(report.study, judged):
        told.append("the study has no ranking here.")
    if judged.disputed:
        told.append(f"The study's own texts do not agree on the order of {_named(judged.disputed)}.")
    if not report.small:
        told += [_beside(figure) for figure in judged.arms if figure.studied and not figure.random_start]
    unfit = [figure.arm for figure in judged.arms if figure.random_start]
    if unfit:
        told.append(f"No conclusion is drawn from {_RANDOM} ({', '.join(unfit)}).")
    return " ".join(told)


def _is_ordered(study: Study, judged: Judged) -> bool:
    with_figures = [figure for figure in judged.arms if figure.studied]
    return len(with_figures) > 1 or bool(study.ordered.get(judged.measure.name))


def _ranking(pairs: Sequence[Pair]) -> str:
    of = {verdict: [pair for pair in pairs if pair.verdict == verdict] for verdict in _VERDICTS}
    holding, turned, open_ones = (of[verdict] for verdict in _VERDICTS)
    if len(holding) == len(pairs):
        return f"the study's ranking holds, in all of its ordered pairs ({len(pairs)})."
    told = (
        f"of its {len(pairs)} ordered pairs {len(holding)} hold, {len(turned)} are reversed, "
        f"{len(open_ones)} cannot be told apart"
    )
    details = [
        f"{what}: {_named([(pair.better, pair.worse) for pair in some])}"
        for what, some in (("reversed", turned), ("not told apart", open_ones))
        if some
    ]
    verdict = "the study's ranking does not hold" if turned else "the study's ranking holds in part"
    return f"{verdict if turned or holding else 'the ranking stays open'}: {told} ({'; '.join(details)})."


_VERDICTS = ("holds", "is reversed", "cannot be told apart")


def _beside(figure: ArmFigure) -> str:
    inside = any(figure.low <= value <= figure.high for value in figure.studied)
    return (
        f"The study's {_studied(figure)} of {figure.arm} lies {'in' if inside else 'out'}side our interval."
    )


def _named(pairs: Sequence[tuple[str, str]]) -> str:
    shown = ", ".join(f"{better} over {worse}" for better, worse in pairs[:_MOST_NAMED])
    return shown + (f" and {len(pairs) - _MOST_NAMED} more" if len(pairs) > _MOST_NAMED else "")


_COLUMNS = ["arm", "study", "ours", "interval", "±", "seeds", "remark"]
_PAIR_COLUMNS = ["the study's order", "difference of ours", "interval", "p (Holm)", "verdict"]


def _head(report: Report) -> list[str]:
    study = report.study
    size = "small run" if report.small else "the study's own run"
    lines = [f"{report.name}: {study.title} ({size})", f"{study.question} Source: {study.source}."]
    if report.small:
        lines += [text for text in (study.stand_in, study.small_data) if text]
        lines.append(
            "The study's figures are of its own data and network: compare the order, not the values."
        )
    return lines


def _heading(judged: Judged) -> str:
    return f"{judged.measure.name} ({judged.measure.metric}, {judged.queries} queries)"


def _cells(report: Report, figure: ArmFigure) -> list[str]:
    return [
        figure.arm,
        _studied(figure),
        f"{figure.value:.3f}",
        f"{figure.low:.3f} - {figure.high:.3f}",
        "" if figure.spread is None else f"{figure.spread:.3f}",
        str(len(figure.by_seed)),
        _note(report, figure),
    ]


def _pair_cells(pair: Pair) -> list[str]:
    return [
        f"{pair.better} over {pair.worse}",
        f"{pair.value:+.3f}",
        f"{pair.low:+.3f} - {pair.high:+.3f}",
        f"{pair.p_holm:.3f}",
        pair.verdict,
    ]


def _studied(figure: ArmFigure) -> str:
    return " / ".join(map(share_text, figure.studied)) or "none"


def _note(report: Report, figure: ArmFigure) -> str:
    note = next(arm.note for arm in report.study.of_size(report.small) if arm.name == figure.arm)
    return "; ".join(part for part in (_RANDOM if figure.random_start else "", note) if part)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
