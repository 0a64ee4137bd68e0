"""Charts as SVG: well-formed, in place, told apart without colour, named for those who listen."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.reporting.axes import horizontal, vertical
from evaluate.reporting.document import Chart, Series
from evaluate.reporting.svg import WIDTH, draw


def parse(chart):
    return ElementTree.fromstring(draw(chart, "chart-1"))


def lines(tree):
    return [
        path for path in tree.iter("path") if path.get("class") == "line" and path.get("d").endswith("h0")
    ]


def points(path):
    return [
        tuple(map(float, pair.split()))
        for pair in path.get("d").removeprefix("M").removesuffix("h0").removesuffix("Z").split("L")
    ]


def chart(*series, **settings):
    return Chart("title", "x", "y", series, **settings)


def test_points_stand_where_the_axes_say():
    tree = parse(chart(Series("a", (0, 5, 10), (0, 0.5, 1))))
    # The plot goes from 46 to 424 and, upwards, from 240 to 34; the middle is (235, 137).
    assert points(lines(tree)[0]) == [(46, 240), (235, 137), (424, 34)]


def test_a_logarithmic_axis_gives_each_power_the_same_room():
    tree = parse(chart(Series("a", (1, 10, 100), (0, 0, 0)), logarithmic=True))
    assert [x for x, _ in points(lines(tree)[0])] == [46, 235, 424]


def test_a_band_goes_there_above_and_back_below_and_stays_on_the_plot():
    tree = parse(chart(Series("a", (0, 10), (0.5, 1), (0, 0.5), (1, 1.7))))
    band = next(path for path in tree.iter("path") if path.get("class") == "band")
    assert points(band) == [(46, 34), (424, 34), (424, 137), (46, 240)]


def test_lines_differ_in_colour_and_dash_and_no_two_are_alike():
    tree = parse(chart(*(Series(str(place), (0, 1), (0, 1)) for place in range(12))))
    looks = [(line.get("stroke"), line.get("stroke-dasharray")) for line in lines(tree)]
    assert len(set(looks)) == 12
    assert len({dash for _, dash in looks[:6]}) == len({colour for colour, _ in looks[:6]}) == 6


def test_every_line_is_in_the_legend_within_the_picture():
    names = [f"line {place}" for place in range(9)]
    tree = parse(chart(*(Series(name, (0, 1), (0, 1)) for name in names)))
    _, _, width, height = map(float, tree.get("viewBox").split())
    placed = {text.text: float(text.get("y")) for text in tree.iter("text")}
    assert width == WIDTH
    assert all(placed[name] < height for name in names)


def test_a_reader_of_the_screen_hears_title_and_ends():
    tree = parse(chart(Series("a", (1, 100), (0.25, 1.0))))
    assert tree.get("role") == "img"
    named = {element.get("id"): element.text for element in tree if element.get("id")}
    assert [named[word] for word in tree.get("aria-labelledby").split()] == [
        "title",
        "y against x. a goes from 0.2500 at 1 to 1.0000 at 100.",
    ]


def test_foreign_names_stay_text(hostile):
    tree = parse(Chart(hostile, hostile, hostile, (Series(hostile, (1,), (1,)),)))
    assert {element.tag for element in tree.iter()} == {"svg", "title", "desc", "text", "path"}
    assert tree.find("title").text.startswith('<script>alert("x")</script> &')


def test_a_single_point_is_a_dot():
    for logarithmic in (False, True):
        tree = parse(chart(Series("a", (3,), (0.5,)), logarithmic=logarithmic))
        assert points(lines(tree)[0]) == [(46, 137)]


@pytest.mark.parametrize(
    ("x", "logarithmic", "ticks"),
    [
        ((0, 1), False, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ((1, 100), False, (20, 40, 60, 80, 100)),
        ((1, 100), True, (1, 2, 5, 10, 20, 50, 100)),
        ((1, 6000), True, (1, 10, 100, 1000)),
        ((3, 4), True, (3, 3.2, 3.4, 3.6, 3.8, 4)),
    ],
)
def test_ticks_are_round_numbers(x, logarithmic, ticks):
    axis = horizontal(chart(Series("a", x, (0, 0)), logarithmic=logarithmic), 0, 1)
    assert axis.ticks == pytest.approx(ticks)


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.booleans(), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_and_on_the_axis(first, rise, logarithmic, bottom, height):
    line = Series("a", (first, first + rise), (bottom, bottom))
    drawn = chart(line, y_range=(bottom, bottom + height), logarithmic=logarithmic)
    for axis in (horizontal(drawn, 0, 100), vertical(drawn, 0, 100)):
        assert 1 <= len(axis.ticks) <= 12
        assert all(-1e-6 <= axis.place(tick) <= 100 + 1e-6 for tick in axis.ticks)
