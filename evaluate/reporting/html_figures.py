"""Main figures as HTML, and the small bar that shows where an interval lies between 0 and 1."""

import math
from collections.abc import Iterable, Sequence

from evaluate.reporting.document import Headline, Interval
from evaluate.reporting.markup import isolated, text
from evaluate.reporting.wording import number, span
from evaluate.words import percent


def headlines(figures: Sequence[Headline], level: float) -> str:
    """Show the main figures, with intervals of `level`, below each other: their bars share an axis."""
    bars = fit_on_bar(figure.interval for figure in figures)
    rows = [_headline(figure, level, bars) for figure in figures]
    if bars:
        rows.append(
            '<li class="scale" aria-hidden="true">'
            "<span><span>0</span><span>0.5</span><span>1</span></span></li>"
        )
    return f'<ul class="headlines">{"".join(rows)}</ul>'


def fit_on_bar(intervals: Iterable[Interval]) -> bool:
    """Tell whether no interval reaches beyond 0 or 1; one that is not a number reaches nowhere."""
    return not any(
        end < 0.0 or end > 1.0
        for interval in intervals
        for end in (interval.value, interval.low, interval.high)
    )


def interval_words(level: float) -> str:
    """Name an interval of `level`, so that its number and sign stay on one line."""
    return f"{text(percent(level)).replace(' ', '&nbsp;')} interval"


def bar(interval: Interval) -> str:
    """Draw the interval on an axis from 0 to 1; the numbers beside it say the same to those who listen."""
    between = ""
    if not any(map(math.isnan, (interval.value, interval.low, interval.high))):
        between = (
            f'<rect class="between" x="{100 * interval.low:.2f}" '
            f'width="{100 * (interval.high - interval.low):.2f}" height="10"/>'
            f'<path class="middle" d="M{100 * interval.value:.2f} 0V10"/>'
        )
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" y="2" width="100" height="6"/>'
        f'<path class="quarter" d="M25 0V10M50 0V10M75 0V10"/>{between}</svg>'
    )


def _headline(figure: Headline, level: float, with_bar: bool) -> str:
    return (
        f'<li><span class="name">{isolated(figure.name)} '
        f'<span class="quiet">{text(figure.note)}</span></span> '
        f'<span class="value">{number(figure.interval.value)}</span> '
        f"{bar(figure.interval) if with_bar else '<span></span>'} "
        f'<span class="range"><span class="ends">{span(figure.interval)}</span> '
        f'<span class="quiet">{interval_words(level)}</span></span></li>'
    )
