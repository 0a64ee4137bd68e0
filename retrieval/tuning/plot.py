"""Draw a search: figure against time with the Pareto front, the v curve, and who is in the collection."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from extract.errors import RetrieveError
from retrieval.tuning.choice import pareto
from retrieval.tuning.result import Row, Tuned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _MUTED, _FRONT, _CHOSEN = "#222222", "#9a9a9a", "#2860c8", "#d1495b"
_WIDTH, _HEIGHT, _KEY_INCHES, _DPI = 15.0, 5.2, 0.24, 100
_TEXT_PT, _TITLE_PT = 10, 12
_ROOM_PX = 15


def check_library() -> None:
    """Refuse to begin where the picture could not be drawn in the end.

    Raises:
        RetrieveError: matplotlib is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        raise RetrieveError("--plot needs the package matplotlib; pip install 'landmark-retrieval[plot]'")


def draw(path: str | Path, tuned: Tuned) -> None:
    """Write the picture of `tuned` to `path`, as a PNG 1500 pixels wide.

    Raises:
        RetrieveError: the file cannot be written, or its suffix is no picture format.
    """
    from matplotlib.figure import Figure as Picture

    named = _named(tuned)
    key_inches = _KEY_INCHES * (1 + -(-len(named) // 2))
    picture = Picture(figsize=(_WIDTH, _HEIGHT + key_inches), dpi=_DPI, layout="constrained")
    panels = picture.add_gridspec(2, 3, width_ratios=[1.5, 1, 1], height_ratios=[_HEIGHT, key_inches])
    cost, weights, presence = (picture.add_subplot(panels[0, column]) for column in range(3))
    for axes in (cost, weights, presence):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e6e6e6", linewidth=0.8)
        axes.set_axisbelow(True)
    _draw_weights(weights, tuned)
    _draw_presence(presence, tuned)
    _write_key(picture.add_subplot(panels[1, :]), named, tuned)
    points = _draw_cost(cost, tuned)
    # Places on the paper are known only when all else is laid out.
    picture.draw_without_rendering()
    _number(cost, points, [tuned.rows.index(row) for row in named])
    try:
        picture.savefig(path)
    except (OSError, ValueError) as error:
        raise RetrieveError(f"cannot write the picture {str(path)!r}: {error}") from error


def _named(tuned: Tuned) -> list[Row]:
    """Give the lines that get a number: the Pareto front, `none` and what is recommended, fastest first."""
    front = [tuned.rows[place] for place in _front(tuned)]
    chosen = [row for row in tuned.rows if row in (tuned.rows[0], tuned.chosen) and row not in front]
    return sorted([*front, *chosen], key=lambda row: row.option.milliseconds)


def _front(tuned: Tuned) -> list[int]:
    return pareto([row.option.milliseconds for row in tuned.rows], [row.figure.value for row in tuned.rows])


def _draw_cost(axes: "Axes", tuned: Tuned) -> list[tuple[float, float]]:
    """Draw the first panel and give the points, one a line of the table."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    front = _front(tuned)
    points = [(max(row.option.milliseconds, 0.01), row.figure.value) for row in tuned.rows]
    axes.plot(*zip(*(points[place] for place in front), strict=True), color=_FRONT, linestyle="--", zorder=1)
    for place, (row, (time, figure)) in enumerate(zip(tuned.rows, points, strict=True)):
        colour = _CHOSEN if row is tuned.chosen else _FRONT if place in front else _MUTED
        above = 2 if colour == _MUTED else 3
        if colour != _MUTED:
            axes.vlines(
                time, row.figure.low, row.figure.high, color=colour, alpha=0.35, linewidth=1.5, zorder=1
            )
        axes.scatter(time, figure, s=_area(row), color=colour, edgecolor="white", linewidth=0.8, zorder=above)
    axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter("")
    axes.set_xlabel("search and re-ranking, milliseconds a query")
    axes.set_ylabel(f"{tuned.metric}, held-back places")
    axes.set_title("accuracy against time", loc="left", fontsize=_TITLE_PT)
    sizes = {_area(row): _nice_bytes(row.option.bytes_a_photo) for row in tuned.rows}
    handles = [
        axes.scatter([], [], s=area, color=_MUTED, label=f"{sizes[area]} a photo")
        for area in sorted({min(sizes), max(sizes)})
    ]
    handles += [
        axes.scatter([], [], s=60, color=colour, label=label)
        for colour, label in ((_FRONT, "Pareto front"), (_CHOSEN, "recommended"))
    ]
    axes.legend(handles=handles, loc="upper left", ncols=2, frameon=False, fontsize=_TEXT_PT)
    # Room for the legend above the points.
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.25 * (high - low))
    return points


def _number(axes: "Axes", points: list[tuple[float, float]], named: list[int]) -> None:
    """Write a number beside each of the `named` points where it covers neither a point nor a number."""
    on_paper = axes.transData.transform(points)
    taken = list(on_paper)
    for number, place in enumerate(named, start=1):
        spots = on_paper[place] + [
            reach * np.array([np.cos(angle), np.sin(angle)])
            for reach in (16, 22, 30, 40)
            for angle in np.pi * np.array([0.25, 0.75, 0.5, 1.0, 0.0, 1.25, 1.75, 1.5])
        ]
        room = [min(np.hypot(*(spot - other)) for other in taken) for spot in spots]
        # The nearest spot with room for two digits, or the one with most room.
        wide = [spot for spot, free in zip(spots, room, strict=True) if free >= _ROOM_PX]
        spot = wide[0] if wide else spots[int(np.argmax(room))]
        taken.append(spot)
        axes.annotate(
            str(number), points[place],
            xytext=(spot - on_paper[place]) * 72 / _DPI, textcoords="offset points",
            ha="center", va="center", fontsize=_TEXT_PT, fontweight="bold", color=_INK, zorder=5,
            arrowprops={"arrowstyle": "-", "color": _MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def _write_key(axes: "Axes", named: list[Row], tuned: Tuned) -> None:
    """Say what the numbers stand for, in two columns."""
    axes.set_axis_off()
    height = -(-len(named) // 2)
    for place, row in enumerate(named):
        column, line = divmod(place, height)
        figure = row.figure
        axes.text(
            0.03 + 0.5 * column, 1 - (line + 0.5) / (height + 0.5),
            f"{place + 1}   {_name(row)}:  {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]",
            transform=axes.transAxes, va="center", fontsize=_TEXT_PT,
            color=_CHOSEN if row is tuned.chosen else _INK,
        )  # fmt: skip


def _draw_weights(axes: "Axes", tuned: Tuned) -> None:
    swept = tuned.best.option.swept
    names = swept.candidate.names.replace(",", " + ")
    title = f"{names}\n{swept.settings[-1].calibration}, top {swept.top}" if tuned.v_figures else "v"
    axes.set_title(title, loc="left", fontsize=_TITLE_PT)
    axes.set_xlabel("v of the last step (at 1 it says nothing)")
    axes.set_ylabel(f"{tuned.metric}, held-back places")
    axes.set_xlim(-0.03, 1.03)
    if not tuned.v_figures:
        axes.text(0.5, 0.5, "no chain has a v", ha="center", transform=axes.transAxes, color=_MUTED)
        return
    points = sorted(zip(swept.v_weights, tuned.v_figures, strict=True), key=lambda point: point[0])
    weights = [v for v, _ in points]
    axes.fill_between(
        weights, [one.low for _, one in points], [one.high for _, one in points], color=_FRONT, alpha=0.15
    )
    axes.plot(weights, [one.value for _, one in points], color=_FRONT, marker="o", markersize=4)
    axes.axhline(tuned.rows[0].figure.value, color=_MUTED, linestyle="--", linewidth=1)
    axes.annotate(
        "none", (0.0, tuned.rows[0].figure.value), xytext=(2, 3), textcoords="offset points", color="#707070",
        fontsize=_TEXT_PT,
    )  # fmt: skip
    chosen = swept.settings[-1].v
    if chosen is not None:
        axes.axvline(chosen, color=_CHOSEN, linewidth=1)


def _draw_presence(axes: "Axes", tuned: Tuned) -> None:
    axes.set_title("is the place in the collection?", loc="left", fontsize=_TITLE_PT)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision, held-back places")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(0.0, 1.03)
    fit = tuned.presence
    if fit is None:
        axes.text(0.5, 0.5, "cannot be told", ha="center", transform=axes.transAxes, color=_MUTED)
        return
    axes.plot(fit.curve.recall, fit.curve.precision, color=_FRONT, drawstyle="steps-pre")
    if fit.threshold:
        axes.scatter([fit.recall], [fit.precision], color=_CHOSEN, zorder=3)
        side, shift = ("right", -10) if fit.recall > 0.5 else ("left", 10)
        axes.annotate(
            f"chance ≥ {fit.threshold:.2f}\nprecision {fit.precision:.2f}\nrecall {fit.recall:.2f}",
            (fit.recall, fit.precision), xytext=(shift, -14), textcoords="offset points", ha=side, va="top",
            fontsize=_TEXT_PT, color=_INK,
        )  # fmt: skip
    low, high = fit.interval
    lines = [f"average precision {fit.average_precision:.3f}", f"95 % interval {low:.3f} - {high:.3f}"]
    if not fit.threshold:
        lines.insert(0, "no threshold has the precision asked for")
    axes.text(
        0.03, 0.04, "\n".join(lines),
        transform=axes.transAxes, fontsize=_TEXT_PT, color=_INK,
    )  # fmt: skip


def _name(row: Row) -> str:
    swept = row.option.swept
    weights = ", ".join(f"{step.fusion.v:g}" for step in swept.tuned().steps if step.is_fused)
    told = [f"v {weights}"] if weights else []
    if swept.candidate.steps and not swept.candidate.steps[-1].top:
        told.append(f"top {swept.top}")
    names = swept.candidate.names.replace(",", " + ")
    return f"{names} ({'; '.join(told)})" if told else names


def _area(row: Row) -> float:
    # Area grows with the logarithm: kinds of descriptors differ a thousandfold.
    digits = len(str(int(row.option.bytes_a_photo)))
    return 10.0 * 1.9 ** max(0, digits - 1)


def _nice_bytes(count: float) -> str:
    return f"{count / 1000:.0f} kB" if count >= 10_000 else f"{count / 1000:.1f} kB"
