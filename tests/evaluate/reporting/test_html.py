"""The HTML page: whole, closed, escaped, loading nothing, readable in both schemes."""

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from evaluate.reporting.document import (
    Chart,
    Document,
    Facts,
    Headline,
    Interval,
    Note,
    Picture,
    PictureRow,
    Section,
    Series,
    Table,
)
from evaluate.reporting.html import render

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """What a parser sees: tags that are closed in order, their attributes, and the text between."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def find(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def source(sample):
    return render(sample)


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def everywhere(text, png):
    """A document that has `text` wherever text can be."""
    table = Table((text, text), ((text, 1), (text, None)), text)
    chart = Chart(text, text, text, (Series(text, (1, 2), (0, 1), (0, 0), (1, 1)),))
    row = PictureRow(text, text, (Picture(png, text, "right"), Picture(None, text, "wrong")))
    blocks = (table, chart, row, Note(text), Note(text, "warning"), Facts(((text, text), (text, 1))))
    headline = Headline(text, Interval(0.5, 0.4, 0.6), text)
    return Document(text, text, (Section(text, text, blocks),), (headline,))


def test_tags_are_balanced_and_ids_are_there_once(page):
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert set(ids.values()) == {1}


def test_what_is_referred_to_is_there(page):
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    referred = {
        word for _, attributes in page.tags for word in attributes.get("aria-labelledby", "").split()
    } | {attributes["href"].removeprefix("#") for attributes in page.find("a")}
    assert referred
    assert referred <= ids


def test_nothing_is_loaded_and_nothing_runs(source, page):
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert not {"srcset", "action", "background", "style"} & set(attributes)
    sheet = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
    assert "url(" not in sheet
    assert "@import" not in sheet
    policy = next(meta["content"] for meta in page.find("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'; img-src data:; ")


def test_foreign_text_makes_no_tag_and_no_attribute(hostile, png):
    harmless, attacked = (Page(render(everywhere(text, png))) for text in ("harmless", hostile))
    assert [(tag, list(attributes)) for tag, attributes in attacked.tags] == [
        (tag, list(attributes)) for tag, attributes in harmless.tags
    ]
    # As often as the harmless one, less the legend of the chart, which is cut.
    shown = "".join(attacked.words).count("<script>alert(\"x\")</script> & 'q' | a_b*c* line `two` [x](y)")
    assert shown == "".join(harmless.words).count("harmless") - 1


def test_the_page_can_be_written_whatever_an_id_holds(hostile, png):
    page = render(everywhere(hostile, png))
    assert page.encode()
    assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069]", page)


def test_names_keep_their_direction_to_themselves(png):
    assert "<bdi>שלום</bdi></th>" in render(everywhere("שלום", png))


def test_headings_go_down_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_heads_of_columns_and_rows_are_marked_and_pictures_described(page):
    assert {head["scope"] for head in page.find("th")} == {"col", "row"}
    assert all(image["alt"].strip() for image in page.find("img"))
    assert page.find("html") == [{"lang": "en"}]
    assert any(meta.get("name") == "viewport" for meta in page.find("meta"))


def test_main_figures_come_first_with_their_intervals(source):
    top = source[: source.index("<main>")]
    assert [top.index(text) for text in ("map@100", "0.4213", "0.4013 – 0.4413", "recall@1<")] == sorted(
        top.index(text) for text in ("map@100", "0.4213", "0.4013 – 0.4413", "recall@1<")
    )


def test_a_bar_shows_the_interval_from_0_to_1():
    table = Table(("a", "b"), (("x", Interval(0.5, 0.25, 0.75)),), "")
    page = Page(render(Document("", "", (Section("", "", (table,)),))))
    between = next(found for found in page.find("rect") if found["class"] == "between")
    assert (between["x"], between["width"]) == ("25.00", "50.00")
    assert "M50.00 0V10" in [path.get("d") for path in page.find("path")]


@pytest.mark.parametrize(
    ("intervals", "bars"),
    [
        ((Interval(0.5, 0.4, 0.6), Interval(0.1, -0.1, 0.2)), 0),
        ((Interval(0.5, 0.4, 0.6), Interval(12.0, 11.0, 13.0)), 0),
        ((Interval(0.5, 0.4, 0.6), Interval(float("nan"), float("nan"), float("nan"))), 1),
        ((Interval(0.0, 0.0, 0.0), Interval(1.0, 1.0, 1.0)), 2),
    ],
)
def test_a_column_has_bars_where_all_its_intervals_fit(intervals, bars):
    table = Table(("a", "b"), tuple(("x", interval) for interval in intervals), "")
    page = Page(render(Document("", "", (Section("", "", (table,)),))))
    assert [found["class"] for found in page.find("rect")].count("between") == bars


def test_a_picture_that_could_not_be_opened_leaves_its_place(page):
    assert "not available" in page.words
    assert len(page.find("img")) == 6 * 6 - 1


def test_a_report_without_anything_is_a_page():
    page = Page(render(Document("title", "", ())))
    assert page.words.count("title") == 2
    assert not page.find("nav")


def _luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first, second):
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_as_the_guidelines_ask_in_both_schemes(source):
    # WCAG 2.2, level AA: 4.5 for text, 3 for lines and borders that carry meaning.
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    schemes = [
        dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", source, re.DOTALL)
    ]
    schemes = [scheme for scheme in schemes if len(scheme) > 1]
    assert len(schemes) == 2
    assert set(schemes[0]) == set(schemes[1])
    for scheme in schemes:
        for ground in ("page", "surface", "track"):
            assert _contrast(scheme["ink"], scheme[ground]) >= 4.5
            assert _contrast(scheme["muted"], scheme[ground]) >= 4.5
        assert _contrast(scheme["caution"], scheme["caution-page"]) >= 4.5
        for name in ("accent", "right", "wrong"):
            assert _contrast(scheme[name], scheme["page"]) >= 4.5
        for number in range(1, 7):
            assert _contrast(scheme[f"line-{number}"], scheme["page"]) >= 3
