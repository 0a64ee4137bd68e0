"""Tell what a search found: a table for people, plain values for JSON, and sentences."""

from dataclasses import asdict

from retrieval.tuning.presence_fit import PresenceFit
from retrieval.tuning.result import Figure, Row, Tuned


def table(tuned: Tuned) -> str:
    """Show a line a chain, with figures of held-back queries, then the v curve, then presence."""
    lines = [
        f"{tuned.metric} of {tuned.queries} queries of {tuned.places} places, 95 % intervals; each query is "
        "judged by settings chosen without its place",
        "",
        *_aligned([_HEAD, *(_cells(row, tuned) for row in tuned.rows)]),
        "",
        f"the search as a whole: {_interval(tuned.figure)}, difference to none {_signed(tuned.difference)}",
        verdict(tuned),
    ]
    swept = tuned.best.option.swept
    if tuned.v_figures:
        lines += ["", f"v of the last step of {swept.candidate.names}, {swept.settings[-1].calibration}:"]
        lines += _aligned(
            [["v", tuned.metric, "interval"]]
            + [
                [f"{v:g}", f"{figure.value:.4f}", f"{figure.low:.4f} - {figure.high:.4f}"]
                for v, figure in sorted(zip(swept.v_weights, tuned.v_figures, strict=True), key=_weight)
            ]
        )
    return "\n".join([*lines, "", *_presence_lines(tuned)])


def verdict(tuned: Tuned) -> str:
    """Say in a sentence what is recommended."""
    swept = tuned.chosen.option.swept
    if not tuned.beats_none:
        return (
            "no chain beats the global ranking for sure: the interval of the difference reaches zero; "
            "recommended: none"
        )
    return f"recommended: {swept.tuned().text} on the first {swept.top}"


def presence_sentence(fit: PresenceFit) -> str:
    """Say what the threshold is worth."""
    if not fit.threshold:
        return "no threshold has the precision asked for, so that no place will be called absent"
    return (
        f"from a chance of {fit.threshold:.2f} on, precision {fit.precision:.2f} and recall {fit.recall:.2f}"
    )


def to_dict(tuned: Tuned) -> dict[str, object]:
    """Give everything as plain values."""
    swept = tuned.best.option.swept
    presence = tuned.presence
    return {
        "metric": tuned.metric,
        "queries": tuned.queries,
        "places": tuned.places,
        "chains": [_plain(row) for row in tuned.rows],
        "search": asdict(tuned.figure),
        "difference": asdict(tuned.difference),
        "beats_none": tuned.beats_none,
        "chosen": _plain(tuned.chosen),
        "v_curve": {
            "chain": swept.candidate.names,
            "points": [
                {"v": v, **asdict(figure)}
                for v, figure in sorted(zip(swept.v_weights, tuned.v_figures, strict=True), key=_weight)
            ],
        },
        "presence": presence
        and {
            "slope": presence.slope,
            "intercept": presence.intercept,
            "threshold": presence.threshold,
            "precision": presence.precision,
            "recall": presence.recall,
            "average_precision": {
                "value": presence.average_precision,
                "low": presence.interval[0],
                "high": presence.interval[1],
            },
            "curve": [
                [float(value) for value in point]
                for point in zip(
                    presence.curve.thresholds, presence.curve.precision, presence.curve.recall, strict=True
                )
            ],
        },
        "verdict": verdict(tuned),
        "seconds": round(tuned.seconds, 2),
    }


_HEAD = [
    "",
    "chain",
    "v",
    "calibration",
    "top",
    "value",
    "interval",
    "difference",
    "ms",
    "bytes/photo",
]


def _cells(row: Row, tuned: Tuned) -> list[str]:
    swept = row.option.swept
    weights = [step.fusion.v for step in swept.tuned().steps if step.is_fused]
    return [
        "*" if row is tuned.chosen else "",
        swept.candidate.names,
        " ".join(f"{v:g}" for v in weights) or "-",
        _calibration(row) if weights else "-",
        str(swept.top) if swept.candidate.steps else "-",
        f"{row.figure.value:.4f}",
        f"{row.figure.low:.4f} - {row.figure.high:.4f}",
        _signed(row.difference) if swept.candidate.steps else "",
        f"{row.option.milliseconds:.1f}",
        f"{row.option.bytes_a_photo:,.0f}",
    ]


def _calibration(row: Row) -> str:
    """Give that of the last step."""
    steps = row.option.swept.tuned().steps
    return steps[-1].fusion.calibration if steps and steps[-1].is_fused else "none"


def _plain(row: Row) -> dict[str, object]:
    swept = row.option.swept
    return {
        "chain": swept.candidate.names,
        "setting": swept.tuned().text,
        "v": [step.fusion.v for step in swept.tuned().steps if step.is_fused],
        "calibration": _calibration(row),
        "curve": list(swept.curve),
        "top": swept.top,
        "figure": asdict(row.figure),
        "difference": asdict(row.difference),
        "milliseconds": round(row.option.milliseconds, 3),
        "bytes_per_photo": round(row.option.bytes_a_photo, 1),
    }


def _presence_lines(tuned: Tuned) -> list[str]:
    fit = tuned.presence
    if fit is None:
        return ["whether a place is in the collection cannot be told from these queries"]
    return [
        "is the place in the collection (each query asked twice, once with its place left out):",
        f"average precision {fit.average_precision:.4f} ({fit.interval[0]:.4f} - {fit.interval[1]:.4f}); "
        f"{presence_sentence(fit)}",
    ]


def _interval(figure: Figure) -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} - {figure.high:.4f})"


def _signed(figure: Figure) -> str:
    return f"{figure.value:+.4f} ({figure.low:+.4f} - {figure.high:+.4f})"


def _weight(point: tuple[float, Figure]) -> float:
    return point[0]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
