"""A chart as a table of some of its points, for readers who cannot see the lines."""

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.reporting.axes import horizontal
from evaluate.reporting.document import Cell, Chart, Interval, Series, Table


def some_points(chart: Chart) -> Table:
    """Read every line of the chart at both ends of the x axis and at its ticks.

    Between its own points a line has the value that is drawn there; beyond its ends it has none.
    """
    axis = horizontal(chart, 0.0, 1.0)
    last = max(line.x[-1] for line in chart.series)
    x = np.unique([axis.start, *(tick for tick in axis.ticks if tick < last), last])
    columns = [_read(line, x, chart.logarithmic) for line in chart.series]
    return Table(
        columns=(chart.x_label, *(line.name for line in chart.series)),
        rows=tuple(zip((f"{value:,.6g}" for value in x.tolist()), *columns, strict=True)),
        caption=f"{chart.title}: {chart.y_label}, at some points",
    )


def _read(line: Series, x: FloatArray, logarithmic: bool) -> list[Cell]:
    own = np.array(line.x)
    wanted, known = (np.log(x), np.log(own)) if logarithmic else (x, own)
    lines = [line.y] if line.low is None or line.high is None else [line.y, line.low, line.high]
    read = [np.interp(wanted, known, values) for values in lines]
    inside = (x >= own[0]) & (x <= own[-1])
    return [
        (Interval(*values) if len(values) == 3 else values[0]) if shown else None
        for shown, *values in zip(inside.tolist(), *(values.tolist() for values in read), strict=True)
    ]
