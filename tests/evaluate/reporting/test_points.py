"""A chart as a table: its ends and ticks, other lines between their own points, nothing beyond them."""

import pytest

from evaluate.reporting.document import Chart, Interval, Series
from evaluate.reporting.points import some_points


def test_ends_and_ticks_are_read():
    line = Series("a", tuple(range(1, 101)), tuple(x / 100 for x in range(1, 101)))
    table = some_points(Chart("c", "k", "share", (line,)))
    assert table.columns == ("k", "a")
    assert table.rows == (("1", 0.01), ("20", 0.2), ("40", 0.4), ("60", 0.6), ("80", 0.8), ("100", 1.0))


def test_another_line_is_read_between_its_points_and_not_beyond():
    long = Series("long", (0.0, 10.0), (0.0, 1.0), (0.0, 0.5), (0.5, 1.0))
    short = Series("short", (3.0, 7.0), (0.0, 1.0))
    rows = some_points(Chart("c", "x", "y", (long, short))).rows
    assert [row[0] for row in rows] == ["0", "2", "4", "6", "8", "10"]
    assert rows[2][1] == Interval(pytest.approx(0.4), pytest.approx(0.2), pytest.approx(0.7))
    assert [row[2] for row in rows] == [None, None, 0.25, 0.75, None, None]


def test_on_a_logarithmic_axis_a_line_is_straight_as_it_is_drawn():
    lines = (Series("a", (1, 100), (0, 1)), Series("b", (1, 10, 100), (0, 0, 0)))
    rows = {row[0]: row[1] for row in some_points(Chart("c", "x", "y", lines, logarithmic=True)).rows}
    assert rows["10"] == pytest.approx(0.5)
