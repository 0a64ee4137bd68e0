"""The report of one system: what it holds, and that it is shown whatever the answers were."""

import numpy as np
import pytest

from evaluate import metrics
from evaluate.evaluation import report_of
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.rankings import Rankings
from evaluate.report import Sampling
from evaluate.reporting import html, markdown
from evaluate.reporting.document import Chart, Facts, Interval, Note, Picture, PictureRow, Table
from evaluate.reporting.evaluation import evaluation_document
from evaluate.truth import Truth

FEW = Sampling(resamples=100)
MADE_BY = {"ranking": "r.csv (sha256 0123456789ab)", "seed": 0, "seconds": 1.5}
NOTHING = np.empty(0, dtype=np.int64)


def no_picture(name, is_query):
    return None


def make_known(query_ids, relevant, image_ids, usages=None, columns=None, is_whole=True):
    return GroundTruth(
        Truth(
            tuple(query_ids),
            tuple(np.array(rows, dtype=np.int64) for rows in relevant),
            (NOTHING,) * len(query_ids),
            tuple(usages or ("",) * len(query_ids)),
            num_images=len(image_ids) if is_whole else None,
        ),
        ImageIndex.of(image_ids),
        is_whole,
        "solution.csv",
        columns=columns or {},
        notes=("one query was left out",),
    )


def build(known, ranked, names=("map@100",), by=(), picture_of=no_picture):
    parsed = [metrics.parse(name) for name in names]
    query_ids = [query for query, ids in zip(known.truth.query_ids, ranked, strict=True) if ids is not None]
    held = known.hold(Rankings.from_ids(query_ids, [ids for ids in ranked if ids is not None]))
    report = report_of(held, known, parsed, sampling=FEW, by=by)
    return evaluation_document(
        "Evaluation of r.csv", report, held, known, metrics=parsed, made_by=MADE_BY, picture_of=picture_of
    )


def section(document, title):
    (found,) = [one for one in document.sections if one.title == title]
    return found


def blocks(document, title, kind):
    return [block for block in section(document, title).blocks if isinstance(block, kind)]


# AP: q1 (1 + 2/3) / 2, q2 1/2, q3 0 without an answer, q4 1.
KNOWN = make_known(
    ("q1", "q2", "q3", "q4"),
    ([0, 1], [2], [3], [0]),
    ("a", "b", "c", "d", "x"),
    ("public", "private", "public", "private"),
    {"weather": ("sun", "rain", "sun", "")},
)
RANKED = (("a", "x", "b"), ("x", "c"), None, ("a", "a"))


@pytest.fixture(scope="module")
def document():
    return build(KNOWN, RANKED, ("map@100", "recall@1"), ("weather", "m"))


class TestWhatItHolds:
    def test_title_and_main_figures(self, document):
        assert (document.title, document.subtitle) == ("Evaluation of r.csv", "4 queries of solution.csv")
        assert [(one.name, one.interval.value, one.note) for one in document.headlines] == [
            ("map@100", pytest.approx((5 / 6 + 1 / 2 + 0 + 1) / 4), "4 queries"),
            ("recall@1", 0.5, "4 queries"),
        ]

    def test_sections_in_order(self, document):
        assert [one.title for one in document.sections] == [
            "Figures",
            "Along the ranking",
            "By weather",
            "By number of correct images",
            "Worst queries",
            "Coverage",
            "How this was made",
        ]

    def test_figures_of_all_queries_and_of_each_usage(self, document):
        (table,) = blocks(document, "Figures", Table)
        assert table.columns == ("metric", "queries", "figure", "count")
        assert [(name, part, count) for name, part, _, count in table.rows] == [
            ("map@100", "all queries", 4),
            ("recall@1", "all queries", 4),
            ("map@100", "private", 2),
            ("recall@1", "private", 2),
            ("map@100", "public", 2),
            ("recall@1", "public", 2),
        ]
        private = table.rows[2][2]
        assert private.value == pytest.approx(0.75)
        assert private.low <= private.value <= private.high
        assert section(document, "Figures").note == FEW.sentence()

    def test_ranks_stand_in_a_table_of_their_own(self):
        mixed = build(KNOWN, RANKED, ("map@100", "first-hit"))
        shares, ranks = blocks(mixed, "Figures", Table)
        assert [(row[0], row[1]) for row in shares.rows[:2]] == [
            ("map@100", "all queries"),
            ("map@100", "private"),
        ]
        # First hits at 1, 2, none (101) and 1: 105 / 4.
        assert (ranks.rows[0][0], ranks.rows[0][2].value) == ("first-hit", 26.25)
        assert ranks.caption == "Ranks: lower is better"
        # Four decimals beside ranks of tens.
        assert "| map@100 | all queries | 0.5833 (" in markdown.render(mixed)

    def test_the_level_of_intervals_is_told(self):
        held = KNOWN.hold(Rankings.from_ids(["q1"], [["a"]]))
        parsed = [metrics.parse("map@100")]
        report = report_of(held, KNOWN, parsed, sampling=Sampling(level=0.9, resamples=100))
        mild = evaluation_document("t", report, held, KNOWN, metrics=parsed, made_by=MADE_BY)
        assert mild.level == 0.9
        assert "With 90&nbsp;% intervals" in html.render(mild)
        assert "| figure | value | 90 % interval | measured on |" in markdown.render(mild)
        # The bands of curves stay what they are.
        assert "(in brackets: 95 % intervals)" in markdown.render(mild)

    def test_the_unanswered_and_notes_are_told(self, document):
        assert blocks(document, "Figures", Note) == [
            Note("1 query has no answer and counts as wrong: q3", "warning"),
            Note("one query was left out"),
            Note("1 ranking with a repeated image, which counts once and takes each of its ranks"),
        ]

    def test_groups_with_their_queries(self, document):
        (table,) = blocks(document, "By weather", Table)
        assert table.columns == ("weather", "queries", "map@100", "recall@1")
        assert [(row[0], row[1], row[2].value) for row in table.rows] == [
            ("(none)", 1, 1.0),
            ("rain", 1, 0.5),
            ("sun", 2, pytest.approx(5 / 12)),
        ]
        (by_m,) = blocks(document, "By number of correct images", Table)
        assert [(row[0], row[1]) for row in by_m.rows] == [("1", 3), ("2-3", 1)]

    def test_curves(self, document):
        first, second = blocks(document, "Along the ranking", Chart)
        assert (first.title, second.title) == ("Precision at recall", "Hits along the ranking")
        # With a hit by rank 1: q1 and q4; by rank 2: q2 too.
        assert second.series[0].y == (0.5, 0.75, 0.75)
        assert not second.logarithmic

    def test_the_worst_queries_come_first_with_their_marks(self, document):
        rows = blocks(document, "Worst queries", PictureRow)
        assert [(row.title, row.note) for row in rows] == [
            ("q3", "map@100 0.000; 1 correct image, no correct one in the ranking"),
            ("q2", "map@100 0.500; 1 correct image, first correct one at rank 2"),
            ("q1", "map@100 0.833; 2 correct images, first correct one at rank 1"),
            ("q4", "map@100 1.000; 1 correct image, first correct one at rank 1"),
        ]
        assert rows[0].pictures == (Picture(None, "q3", "query"),)
        assert [(one.caption, one.mark) for one in rows[2].pictures] == [
            ("q1", "query"),
            ("1. a", "right"),
            ("2. x", "wrong"),
            ("3. b", "right"),
        ]
        # A repeated image earns nothing the second time.
        assert [one.mark for one in rows[3].pictures] == ["query", "right", "wrong"]
        assert "the least map@100" in section(document, "Worst queries").note

    def test_coverage(self, document):
        (facts,) = blocks(document, "Coverage", Facts)
        found = dict(facts.pairs)
        assert found["queries"] == 4
        assert found["without an answer"] == 1
        # Rankings hold three images at most; q2, q3 and q4 have fewer.
        assert found["with fewer than 3 answers"] == 3
        assert found["without a correct image in the first 3"] == 1
        assert found["images that no query reaches"] == 1
        assert found["share of the index that no query reaches"] == "20.0%"
        assert found["queries that repeat an image"] == 1
        assert found["most frequent image among the first ten: queries that have it"] == 2

    def test_what_made_it(self, document):
        assert blocks(document, "How this was made", Facts) == [Facts(tuple(MADE_BY.items()))]

    def test_both_formats_show_it(self, document):
        page, text = html.render(document), markdown.render(document)
        for shown in ("Evaluation of r.csv", "0.5833", "weather", "no correct one in the ranking"):
            assert shown in page
            assert shown in text
        # Four queries and seven images.
        assert page.count("not available") == 11


def test_ten_worst_queries_of_many_and_none_that_has_no_value():
    # map@100 of query n is 1 / (n + 1): the last ones are the worst.
    ids = tuple(f"q{number:02d}" for number in range(15))
    wrong = [f"w{number}" for number in range(20)]
    known = make_known(ids, [[0]] * 15, ("r", *wrong))
    done = build(known, [(*wrong[:number], "r") for number in range(15)])
    titles = [row.title for row in blocks(done, "Worst queries", PictureRow)]
    assert titles == [f"q{number:02d}" for number in range(14, 4, -1)]
    assert [len(row.pictures) for row in blocks(done, "Worst queries", PictureRow)] == [6] * 10


def test_where_lower_is_better_the_worst_have_the_largest_value():
    known = make_known(("early", "late"), ([0], [0]), ("r", "w"))
    done = build(known, (("r",), ("w", "r")), ("first-hit",))
    assert [row.title for row in blocks(done, "Worst queries", PictureRow)] == ["late", "early"]
    assert "the largest first-hit" in section(done, "Worst queries").note


def test_a_query_that_the_metric_leaves_out_is_none_of_the_worst():
    # top1 leaves out queries that show no landmark.
    known = make_known(("no landmark", "wrong"), ([], [0]), ("r", "w"))
    done = build(known, (("w",), ("w",)), ("top1",))
    assert [row.title for row in blocks(done, "Worst queries", PictureRow)] == ["wrong"]


def test_four_main_figures_at_most():
    known = make_known(("q",), ([0],), ("r",))
    done = build(known, (("r",),), ("map@100", "mrr", "recall@1", "recall@5", "recall@10"))
    assert [one.name for one in done.headlines] == ["map@100", "mrr", "recall@1", "recall@5"]


def test_pictures_are_asked_for_by_id_and_kind(png):
    asked = []

    def picture_of(name, is_query):
        asked.append((name, is_query))
        return None if name == "x" else png

    done = build(KNOWN, RANKED, picture_of=picture_of)
    assert ("q1", True) in asked
    assert ("a", False) in asked
    pictures = blocks(done, "Worst queries", PictureRow)[2].pictures
    assert [one.data_uri for one in pictures] == [png, png, None, png]
    # Four queries and seven images, two of which are x.
    assert html.render(done).count(png) == 9


class TestOddInput:
    """Both formats are rendered, and what matters is there."""

    def shown(self, document):
        page, text = html.render(document), markdown.render(document)
        assert page.endswith("</html>\n")
        assert text.startswith("# Evaluation of r.csv\n")
        return page, text

    def test_no_answers_at_all(self):
        done = build(KNOWN, ((), (), (), ()))
        assert blocks(done, "Along the ranking", Note) == [Note("There is no ranking to draw.")]
        assert [len(row.pictures) for row in blocks(done, "Worst queries", PictureRow)] == [1] * 4
        page, text = self.shown(done)
        assert "4 queries have no answer and count as wrong: q1, q2, q3, q4" in page
        assert "**map@100** | **0.0000** | 0.0000 – 0.0000" in text

    def test_one_query_and_one_image(self):
        done = build(make_known(("q",), ([0],), ("r",)), (("r",),))
        assert done.headlines[0].interval == Interval(1.0, 1.0, 1.0)
        page, _ = self.shown(done)
        assert "<svg" in page

    def test_a_truth_that_does_not_know_the_index(self):
        known = make_known(("q", "p"), ([0], [0]), ("r",), is_whole=False)
        done = build(known, (("y", "r"), ("z",)))
        (facts,) = blocks(done, "Coverage", Facts)
        assert dict(facts.pairs)["images that no query reaches"] == "index unknown"
        captions = [one.caption for row in blocks(done, "Worst queries", PictureRow) for one in row.pictures]
        assert captions == ["p", "1. z", "q", "1. y", "2. r"]
        self.shown(done)

    def test_many_groups_are_cut(self):
        ids = tuple(f"q{number}" for number in range(70))
        column = {"place": tuple(f"place {number}" for number in range(70))}
        known = make_known(ids, [[0]] * 70, ("r",), columns=column)
        done = build(known, [("r",)] * 70, by=("place",))
        assert section(done, "By place").note == "The first 60 of 70 groups."
        assert len(blocks(done, "By place", Table)[0].rows) == 60
        page, text = self.shown(done)
        assert text.count("| place ") == 61
        assert "The first 60 of 70 groups." in page

    def test_as_many_groups_as_are_shown_are_not_cut(self):
        ids = tuple(f"q{number}" for number in range(60))
        known = make_known(ids, [[0]] * 60, ("r",), columns={"place": ids})
        assert section(build(known, [("r",)] * 60, by=("place",)), "By place").note == ""

    def test_many_unanswered_are_cut(self):
        ids = tuple(f"q{number}" for number in range(13))
        done = build(make_known(ids, [[0]] * 13, ("r",)), [("r",), *[None] * 12])
        (warning, _) = blocks(done, "Figures", Note)
        assert warning.text.startswith("12 queries have no answer")
        assert warning.text.endswith("q9, q10 …")

    def test_ids_that_would_break_pages(self, hostile):
        bold = "<b>|pipe|</b>"
        known = make_known((hostile, bold), ([0], [1]), (bold, hostile), columns={"<i>|": ("<u>|", hostile)})
        page, text = self.shown(build(known, ((bold,), (hostile, bold)), by=("<i>|",)))
        for tag in ("<script", "<b>|", "<u>", "<i>"):
            assert tag not in page
            assert tag not in text
        assert "&lt;b&gt;|pipe|&lt;/b&gt;" in page
        assert "&lt;b&gt;\\|pipe\\|&lt;/b&gt;" in text
        # Every row of a table has as many bars that part cells as its head.
        rows = [line for line in text.splitlines() if line.startswith("| ") and "&lt;u&gt;" in line]
        assert rows
        assert all(line.replace("\\|", "").count("|") == 4 for line in rows)


def test_without_photographs_the_worst_queries_are_a_table():
    done = build(KNOWN, RANKED, picture_of=None)
    (table,) = section(done, "Worst queries").blocks
    assert table.columns == ("query", "map@100", "what was found")
    assert table.rows[0][:2] == ("q3", 0.0)
