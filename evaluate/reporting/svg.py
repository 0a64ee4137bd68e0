"""Draws a chart as SVG that takes its colours from the page around it."""

from collections.abc import Sequence

import numpy as np

from evaluate.reporting.axes import Axis, horizontal, vertical
from evaluate.reporting.document import Chart, Series
from evaluate.reporting.markup import text
from evaluate.reporting.wording import number, plain

WIDTH = 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 424, 34, 240
_LEGEND_TOP, _LEGEND_STEP = 302, 20
_LONGEST_NAME = 46
# Six colours of the page, six ways to break a line: no line is known by its colour alone.
_NUM_COLOURS = 6
_DASHES = ("none", "9 4", "2 4", "9 3 2 3", "5 3", "14 4")


def draw(chart: Chart, identifier: str) -> str:
    """Draw the chart; `identifier` is a word that nothing else on the page has as its id.

    Colours are the CSS variables --ink, --muted, --rule and --line-1 to --line-6, sizes of text those of
    the class `chart`.
    """
    x_axis = horizontal(chart, _LEFT, _RIGHT)
    y_axis = vertical(chart, _BOTTOM, _TOP)
    height = _LEGEND_TOP + _LEGEND_STEP * len(chart.series) - 6
    lines = list(enumerate(chart.series))
    return "".join(
        [
            f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-labelledby="{identifier}-title {identifier}-text">',
            f'<title id="{identifier}-title">{text(chart.title)}</title>',
            f'<desc id="{identifier}-text">{text(_description(chart))}</desc>',
            *_grid(chart, x_axis, y_axis),
            *(_band(line, place, x_axis, y_axis) for place, line in lines),
            *(_line(line, place, x_axis, y_axis) for place, line in lines),
            *(_legend(line, place) for place, line in lines),
            "</svg>",
        ]
    )


def _description(chart: Chart) -> str:
    ends = "; ".join(
        f"{line.name} goes from {number(line.y[0])} at {line.x[0]:g} "
        f"to {number(line.y[-1])} at {line.x[-1]:g}"
        for line in chart.series
    )
    return f"{chart.y_label} against {chart.x_label}. {ends}."


def _grid(chart: Chart, x_axis: Axis, y_axis: Axis) -> list[str]:
    parts = [f'<text x="0" y="15">{text(chart.y_label)}</text>']
    for tick in y_axis.ticks:
        y = y_axis.place(tick)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>')
        parts.append(
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:,.6g}</text>'
        )
    for tick in x_axis.ticks:
        x = x_axis.place(tick)
        parts.append(f'<path class="axis" d="M{x:.1f} {_BOTTOM}v5"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{_BOTTOM + 20}" text-anchor="middle">{tick:,.6g}</text>'
        )
    parts.append(f'<path class="axis" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/>')
    middle = (_LEFT + _RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{_BOTTOM + 42}" text-anchor="middle">{text(chart.x_label)}</text>')
    return parts


def _band(line: Series, place: int, x_axis: Axis, y_axis: Axis) -> str:
    if line.low is None or line.high is None:
        return ""
    there = _points(line.x, line.high, x_axis, y_axis)
    back = _points(line.x[::-1], line.low[::-1], x_axis, y_axis)
    return f'<path class="band" fill="var(--line-{_colour(place)})" d="M{there}L{back}Z"/>'


def _line(line: Series, place: int, x_axis: Axis, y_axis: Axis) -> str:
    # A step of no length, so that a line of one point is a dot.
    return f'<path class="line" {_stroke(place)} d="M{_points(line.x, line.y, x_axis, y_axis)}h0"/>'


def _legend(line: Series, place: int) -> str:
    name = plain(line.name)
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    y = _LEGEND_TOP + _LEGEND_STEP * place
    return (
        f'<path class="line" {_stroke(place)} d="M{_LEFT} {y - 4}h32"/>'
        f'<text x="{_LEFT + 42}" y="{y}">{text(shown)}</text>'
    )


def _stroke(place: int) -> str:
    # The seventh line has the first colour again, and not the first dash.
    dash = _DASHES[(place + place // _NUM_COLOURS) % len(_DASHES)]
    return f'stroke="var(--line-{_colour(place)})" stroke-dasharray="{dash}"'


def _colour(place: int) -> int:
    return place % _NUM_COLOURS + 1


def _points(x: Sequence[float], y: Sequence[float], x_axis: Axis, y_axis: Axis) -> str:
    # A band may leave the range of the axis, a line may not.
    inside = np.clip(y, y_axis.start, y_axis.end).tolist()
    return "L".join(
        f"{x_axis.place(across):.1f} {y_axis.place(up):.1f}" for across, up in zip(x, inside, strict=True)
    )
