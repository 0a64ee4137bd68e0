"""The model of a report: what it refuses, and which columns are numbers."""

import pytest

from evaluate.reporting.document import Chart, Interval, Picture, Series, Table


def test_a_column_of_values_without_text_is_numeric():
    table = Table(
        ("name", "count", "figure", "mixed", "empty"),
        (("a", 1, Interval(0.5, 0.4, 0.6), 1, None), ("b", None, None, "x", None)),
        "",
    )
    assert table.numeric == (False, True, True, False, False)


@pytest.mark.parametrize("rows", [((1,),), ((1, 2), (1, 2, 3))])
def test_a_row_of_another_length_is_refused(rows):
    with pytest.raises(ValueError, match="must have 2 cells"):
        Table(("a", "b"), rows, "")


def test_a_table_without_columns_is_refused():
    with pytest.raises(ValueError, match="at least one column"):
        Table((), (), "")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"x": (), "y": ()}, "one length"),
        ({"x": (1, 2), "y": (1,)}, "one length"),
        ({"x": (1,), "y": (1,), "low": (1,)}, "together"),
        ({"x": (1,), "y": (1,), "low": (1,), "high": (1, 2)}, "one length"),
        ({"x": (1,), "y": (float("nan"),)}, "finite"),
        ({"x": (2, 1), "y": (1, 1)}, "must rise"),
        ({"x": (1, 1), "y": (1, 1)}, "must rise"),
    ],
)
def test_a_line_that_cannot_be_drawn_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Series("line", **fields)


@pytest.mark.parametrize(
    ("series", "settings", "message"),
    [
        ((), {}, "must have a line"),
        ((Series("a", (1,), (0.5,)),), {"y_range": (1.0, 1.0)}, "that rises"),
        ((Series("a", (1,), (1.5,)),), {}, "from 0.0 to 1.0"),
        ((Series("a", (0, 1), (0.5, 0.5)),), {"logarithmic": True}, "above 0"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused(series, settings, message):
    with pytest.raises(ValueError, match=message):
        Chart("chart", "x", "y", series, **settings)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org/a.png",
        "a.png",
        'data:image/png;base64,AA" onerror="x',
        "data:image/svg+xml;base64,AAAA",
        "data:text/html;base64,AAAA",
        "data:image/png;base64,AAAA\n",
    ],
)
def test_a_picture_that_is_not_embedded_is_refused(uri):
    with pytest.raises(ValueError, match="base64"):
        Picture(uri, "")


def test_an_unknown_mark_is_refused(png):
    with pytest.raises(ValueError, match="mark must be"):
        Picture(png, "", "good")
