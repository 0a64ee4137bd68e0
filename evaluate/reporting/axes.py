"""Where numbers stand on the axes of a chart, and which of them get a tick."""

import math
from dataclasses import dataclass

from evaluate.reporting.document import Chart

_MAX_STEPS = 5


@dataclass(frozen=True)
class Axis:
    """An axis that runs from `start` at the pixel `first` to `end` at the pixel `last`."""

    start: float
    end: float
    first: float
    last: float
    logarithmic: bool
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Give the pixel of `value`."""
        if self.logarithmic:
            share = math.log(value / self.start) / math.log(self.end / self.start)
        else:
            share = (value - self.start) / (self.end - self.start)
        return self.first + share * (self.last - self.first)


def horizontal(chart: Chart, left: float, right: float) -> Axis:
    """Make the x axis, from the smallest x of all lines to the largest."""
    start = min(line.x[0] for line in chart.series)
    end = max(line.x[-1] for line in chart.series)
    if start == end:
        end = start * 10 if chart.logarithmic else start + 1
    ticks = _powers(start, end) if chart.logarithmic else _steps(start, end)
    return Axis(start, end, left, right, chart.logarithmic, ticks)


def vertical(chart: Chart, bottom: float, top: float) -> Axis:
    """Make the y axis, over the range of the chart."""
    start, end = chart.y_range
    return Axis(start, end, bottom, top, False, _steps(start, end))


def _steps(start: float, end: float) -> tuple[float, ...]:
    """Give the multiples of 1, 2 or 5 times a power of ten from start to end, few enough to read."""
    rough = (end - start) / _MAX_STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    # The tolerance admits 0.2 where a fifth of the range is a rounding above it.
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9)
    return tuple(min(max(count * step, start), end) for count in range(first, last + 1))


def _powers(start: float, end: float) -> tuple[float, ...]:
    """Give the powers of ten from start to end, and 2 and 5 times them on a short axis."""
    factors = (1, 2, 5) if end / start <= 200 else (1,)
    exponents = range(math.floor(math.log10(start)), math.ceil(math.log10(end)) + 1)
    # A very long axis leaves powers out.
    every = 1 + len(exponents) // 8
    values = (factor * 10.0**exponent for exponent in exponents[::every] for factor in factors)
    # From 3 to 4 there is no such number.
    return tuple(value for value in values if start <= value <= end) or _steps(start, end)
