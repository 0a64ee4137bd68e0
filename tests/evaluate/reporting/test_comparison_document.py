"""The report of a comparison: differences, what moved, and that it is shown whatever the answers were."""

import numpy as np
import pytest

from evaluate import metrics
from evaluate.comparison import compare
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.rankings import Rankings
from evaluate.report import Sampling
from evaluate.reporting import html, markdown
from evaluate.reporting.comparison import comparison_document
from evaluate.reporting.document import Chart, Facts, Note, PictureRow, Table
from evaluate.truth import Truth

FEW = Sampling(resamples=100)
MADE_BY = {"truth": "solution.csv", "seed": 0}


def no_picture(name, is_query):
    return None


def make_known(*query_ids):
    """A truth in which the image r is correct for each query."""
    nothing = np.empty(0, dtype=np.int64)
    count = len(query_ids)
    truth = Truth(query_ids, (np.array([0]),) * count, (nothing,) * count, ("",) * count)
    return GroundTruth(truth, ImageIndex.of(["r"]), False, "solution.csv", notes=("one query was left out",))


def build(known, systems, metric="map@100", picture_of=no_picture):
    names = known.truth.query_ids
    held = {name: known.hold(Rankings.from_ids(names, ranked)) for name, ranked in systems.items()}
    comparison = compare(list(held.items()), known, metrics.parse(metric), sampling=FEW)
    return comparison_document(comparison, known, held, MADE_BY, picture_of)


def section(document, title):
    (found,) = [one for one in document.sections if one.title == title]
    return found


def blocks(document, title, kind):
    return [block for block in section(document, title).blocks if isinstance(block, kind)]


# AP of q1, q2, q3: 1, 1/2, 1; new: 1, 1, 0; same: as old.
SYSTEMS = {
    "old": (["r"], ["x", "r"], ["r"]),
    "new": (["r", "x"], ["r"], ["y"]),
    "same": (["r"], ["z", "r"], ["r"]),
}


@pytest.fixture(scope="module")
def document():
    return build(make_known("q1", "q2", "q3"), SYSTEMS)


class TestWhatItHolds:
    def test_title_and_main_figures(self, document):
        assert (document.title, document.subtitle) == ("Comparison by map@100", "3 queries of solution.csv")
        assert [(one.name, one.interval.value, one.note) for one in document.headlines] == [
            ("old", pytest.approx(2.5 / 3), "3 queries"),
            ("new", pytest.approx(2 / 3), "3 queries"),
            ("same", pytest.approx(2.5 / 3), "3 queries"),
        ]

    def test_sections_in_order(self, document):
        assert [one.title for one in document.sections] == [
            "Systems",
            "Differences",
            "Along the ranking",
            "What moved most: new",
            "What moved most: same",
            "How this was made",
        ]

    def test_differences(self, document):
        differences, effects = blocks(document, "Differences", Table)
        assert differences.columns == ("system", "difference", "better", "same", "worse", "p", "p (Holm)")
        new, same = differences.rows
        assert new[1].value == pytest.approx(-0.5 / 3)
        assert new[1].low <= new[1].value <= new[1].high
        # Gains 1/2 and -1: of +-1/2 +-1 all four sums are as large as 1/2.
        assert (new[0], *new[2:]) == ("new", 1, 1, 1, 1.0, 1.0)
        assert (same[0], same[1].value, *same[2:]) == ("same", 0.0, 0, 3, 0, 1.0, 1.0)
        # Of the ranks 1 and 2 one speaks for it and two against.
        assert effects.rows[0][2] == pytest.approx(-1 / 3)
        assert effects.rows[1][1:3] == (None, None)
        assert blocks(document, "Differences", Note) == [Note("one query was left out")]
        assert "less old" in section(document, "Differences").note

    def test_a_line_for_each_system(self, document):
        for chart in blocks(document, "Along the ranking", Chart):
            assert [line.name for line in chart.series] == ["old", "new", "same"]

    def test_what_moved_with_ranks_and_both_rankings(self, document):
        (table,) = blocks(document, "What moved most: new", Table)
        assert table.rows == (
            ("q3", 1.0, 0.0, -1.0, 1, "1", "no rank"),
            ("q2", 0.5, 1.0, 0.5, 1, "2", "1"),
        )
        rows = blocks(document, "What moved most: new", PictureRow)
        assert [(row.title, row.note) for row in rows] == [
            ("q3, before: old", "1.000; correct ones from number 1 on at 1"),
            ("q3, after: new", "0.000; correct ones from number 1 on at no rank"),
            ("q2, before: old", "0.500; correct ones from number 1 on at 2"),
            ("q2, after: new", "1.000; correct ones from number 1 on at 1"),
        ]
        marks = [[(one.caption, one.mark) for one in row.pictures] for row in rows]
        assert marks[1] == [("q3", "query"), ("1. y", "wrong")]
        assert marks[2] == [("q2", "query"), ("1. x", "wrong"), ("2. r", "right")]

    def test_nothing_moved_is_told(self, document):
        assert section(document, "What moved most: same").blocks == (Note("No query moved."),)

    def test_what_made_it(self, document):
        assert blocks(document, "How this was made", Facts) == [Facts(tuple(MADE_BY.items()))]

    def test_both_formats_show_it(self, document):
        page, text = html.render(document), markdown.render(document)
        for shown in ("Comparison by map@100", "-0.1667", "no rank", "No query moved."):
            assert shown in page
            assert shown in text


def test_pictures_are_asked_for_by_id_and_kind(png):
    asked = []

    def picture_of(name, is_query):
        asked.append((name, is_query))
        return png

    known = make_known("q1", "q2")
    done = build(known, {"old": (["r"], ["r"]), "new": (["x"], ["r"])}, picture_of=picture_of)
    assert asked == [("r", False), ("q1", True), ("x", False), ("q1", True)]
    assert html.render(done).count(png) == 4


class TestOddInput:
    """Both formats are rendered, and what matters is there."""

    def shown(self, document):
        page, text = html.render(document), markdown.render(document)
        assert page.endswith("</html>\n")
        assert text.startswith("# Comparison by ")
        return page, text

    def test_no_answers_at_all(self):
        done = build(make_known("q1", "q2"), {"old": ([], []), "new": ([], [])})
        assert blocks(done, "Along the ranking", Note) == [Note("There is no ranking to draw.")]
        self.shown(done)

    def test_a_system_without_answers_has_no_line(self):
        done = build(make_known("q1", "q2"), {"old": (["r"], ["x"]), "new": ([], [])})
        chart, _ = blocks(done, "Along the ranking", Chart)
        assert [line.name for line in chart.series] == ["old"]
        self.shown(done)

    def test_one_query(self):
        done = build(make_known("q"), {"old": (["x", "r"],), "new": (["r"],)})
        effects = blocks(done, "Differences", Table)[1]
        # One query says nothing of how others scatter.
        assert effects.rows == (("new", None, 1.0, None, None),)
        self.shown(done)

    def test_every_query_moved_alike(self):
        systems = {"old": (["x", "r"], ["x", "r"]), "new": (["r"], ["r"])}
        page, text = self.shown(build(make_known("q1", "q2"), systems))
        # No deviation, so d_z is without end.
        assert "| new | – | 1.0000 |" in text
        assert "inf" not in page.split("<main>")[1]

    def test_where_lower_is_better(self):
        done = build(make_known("q1", "q2"), {"old": (["r"], ["r"]), "new": (["x", "r"], ["r"])}, "first-hit")
        (row,) = blocks(done, "Differences", Table)[0].rows
        # Found a rank later at one query: the figure rises by 1/2, and that is worse.
        assert (row[1].value, row[2:5]) == (0.5, (0, 1, 1))
        self.shown(done)

    def test_six_lines_at_most(self):
        systems = {f"system {number}": (["r"], ["x"]) for number in range(8)}
        done = build(make_known("q1", "q2"), systems)
        for chart in blocks(done, "Along the ranking", Chart):
            assert len(chart.series) == 6
        assert len(done.headlines) == 8
        self.shown(done)

    def test_ids_and_names_that_would_break_pages(self, hostile):
        bold = "<b>|pipe|</b>"
        systems = {hostile: (["r"], [bold, "r"]), bold: ([hostile], ["r"])}
        page, text = self.shown(build(make_known(hostile, bold), systems))
        for tag in ("<script", "<b>|"):
            assert tag not in page
            assert tag not in text
        assert "&lt;b&gt;|pipe|&lt;/b&gt;" in page
        assert "&lt;b&gt;\\|pipe\\|&lt;/b&gt;" in text
