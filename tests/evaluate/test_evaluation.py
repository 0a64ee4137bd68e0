"""Files of rankings and truth to a report: figures by hand, groups, coverage, and no dependence on order."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.evaluation import columns, evaluate
from evaluate.formats import labels
from evaluate.ranking_files import read_rankings
from evaluate.report import Sampling
from evaluate.truth_files import read_truth

SAMPLING = Sampling(kind="percentile", resamples=10)
TRUTH = "id,images,Usage\nq1,a b,Public\nq2,c,Private\nq3,a b c,Public\n"
RUN = "query,id,rank,score\nq1,x,1,3\nq1,a,2,2\nq2,c,1,5\nq2,c,2,5\n"


@pytest.fixture
def report(tmp_path):
    def make(truth=TRUTH, run=RUN, names=("map@2",), by=(), queries=None):
        for name, content in (("truth", truth), ("run", run), ("queries", queries or "")):
            (tmp_path / name).write_text(content)
        rankings = read_rankings(tmp_path / "run")
        asked = labels.read(tmp_path / "queries", needs_labels=False) if queries else None
        known = read_truth(tmp_path / "truth", [rankings], queries=asked)
        return evaluate(rankings, known, [metrics.parse(name) for name in names], sampling=SAMPLING, by=by)

    return make


def values(found):
    return {name: figure.value for name, figure in found.items()}


def test_figures_are_means_over_all_queries_and_by_usage(report):
    # q1: (1/2) / 2, q2: 1 (the repeat earns nothing), q3 has no answer: 0.
    done = report(names=("map@2", "recall@1"))
    assert values(done.metrics) == {"map@2": pytest.approx(5 / 12), "recall@1": pytest.approx(1 / 3)}
    assert values(done.usages["public"]) == {"map@2": pytest.approx(1 / 8), "recall@1": 0}
    assert values(done.usages["private"]) == {"map@2": 1, "recall@1": 1}
    assert done.unanswered == ("q3",)


def test_coverage_tells_what_rankings_lack(report):
    found = report().coverage
    assert (found.depth, found.queries, found.unanswered, found.short, found.missed) == (2, 3, 1, 1, 1)
    assert (found.repeating, found.repeated_entries) == (1, 1)
    # q2 has equal scores at ranks 1 and 2.
    assert found.ties == {1: 1}
    # A solution does not say how many images there are.
    assert found.unreached is None


def test_labels_know_the_images_that_nobody_finds(report):
    done = report("id,label\na,1\nb,1\nc,2\nq1,1\nq2,2\n", "id,images\nq1,a\nq2,c\n")
    # b of the three images of the index.
    assert (done.coverage.unreached, done.coverage.unreached_share) == (1, pytest.approx(1 / 3))


def test_queries_are_grouped_by_their_columns(report):
    done = report(by=("city",), queries="id,city\nq1,Rome\nq2,Oslo\nq3,Rome\n")
    assert {name: values(found) for name, found in done.strata["city"].items()} == {
        "Oslo": {"map@2": 1},
        "Rome": {"map@2": pytest.approx(1 / 8)},
    }


def test_queries_are_grouped_by_how_many_images_are_relevant(report):
    found = report(by=("m",)).strata["m"]
    # q2 has one relevant image; q1 has two and q3 three, which is one bin.
    assert {name: (one["map@2"].value, one["map@2"].queries) for name, one in found.items()} == {
        "1": (1, 1),
        "2-3": (pytest.approx(1 / 8), 2),
    }


def test_a_column_that_is_not_there_is_told_with_those_that_are(report):
    with pytest.raises(EvaluationError) as caught:
        report(by=("town",), queries="id,city\nq1,Rome\n")
    assert str(caught.value) == (
        "the queries have no column 'town' to group them by; there are m, label, city, usage "
        "(a CSV of the queries adds its columns)"
    )


def test_columns_are_looked_up_and_m_stands_for_a_count(tmp_path):
    (tmp_path / "labels.csv").write_text("id,label,city\na,1,Rome\nb,1,Oslo\n")
    (tmp_path / "run.csv").write_text("id,images\na,b\n")
    known = read_truth(tmp_path / "labels.csv", [read_rankings(tmp_path / "run.csv")])
    assert columns(known, ("m", "city")) == {"m": None, "city": ("Rome",)}


def test_notes_of_the_truth_stand_in_the_report(report):
    done = report("id,label\na,1\nb,1\n", "id,images\na,b\nb,a\n")
    assert len(done.notes) == 2
    assert done.notes[0].startswith("no list of queries")
    assert done.notes[1] == "queries are images of the index too; none counts for itself"


def told(done, words):
    """Give how the notes with these words begin: how many rankings they speak of."""
    return [note.split()[:2] for note in done.notes if words in note]


class TestNotesOnRankings:
    LABELS = "id,label\na,1\nb,1\nc,1\nd,1\ne,2\nf,2\ng,2\n"
    # The whole index of q1; without d for q2 and q3.
    REVISITED = json.dumps(
        {
            "imlist": ["a", "b", "c", "q1"],
            "qimlist": ["q1", "q2", "q3"],
            "gnd": [{"easy": [0], "hard": [1], "junk": [2]}] * 3,
        }
    )

    def test_rankings_that_hold_their_own_query_are_counted(self, report):
        done = report(self.LABELS, "id,images\na,a b\nb,c b\nc,a b\n")
        assert told(done, "own query") == [["2", "rankings"]]

    def test_rankings_of_other_images_alone_need_no_note(self, report):
        assert told(report(self.LABELS, "id,images\na,c b\nb,c a\n"), "own query") == []
        # The first ranking holds the second's query.
        assert told(report("id,images\nq1,a\nq2,b\n", "id,images\nq1,q2 a\nq2,b\n"), "own query") == []

    def test_rankings_of_revisited_oxford_that_end_early_are_counted(self, report):
        cut = report(self.REVISITED, "id,images\nq1,a b c q1\nq2,a b c\nq3,a\n")
        assert told(cut, "whole index") == [["2", "rankings"]]
        # The query's own image is taken out as junk is, and costs no rank.
        assert told(cut, "own query") == []
        whole = ["a b c q1", "q1 c b a", "b q1 c a"]
        lines = "".join(f"q{place},{images}\n" for place, images in enumerate(whole, start=1))
        assert told(report(self.REVISITED, f"id,images\n{lines}"), "whole index") == []

    def test_other_rankings_may_end_early(self, report):
        assert told(report(self.LABELS, "id,images\na,b\n"), "whole index") == []

    # Of x five images vote; of y four, since a repeat has no vote; of z none, since it has no answer.
    VOTES = "id,images\nx,a b c d e\ny,a b c d d\n"
    ASKED = "id,label\nx,1\ny,1\nz,2\n"

    def test_fewer_than_five_votes_are_counted(self, report):
        for name in ("knn-f1", "knn-f1-nearest"):
            done = report(self.LABELS, self.VOTES, ("map@2", name), queries=self.ASKED)
            assert told(done, "fewer than 5") == [["2", "rankings"]]

    def test_nobody_votes_for_other_metrics(self, report):
        assert told(report(self.LABELS, self.VOTES, queries=self.ASKED), "fewer than 5") == []

    def test_five_votes_each_need_no_note(self, report):
        run = "id,images\nx,a b c d e\ny,a b c d e\nz,f g a b c\n"
        assert told(report(self.LABELS, run, ("knn-f1",), queries=self.ASKED), "fewer than 5") == []


class TestCoverageOfRankingsWithJunk:
    """Of revisited Oxford and Paris junk leaves the rankings; coverage tells of them as they were given."""

    TRUTH = json.dumps(
        {
            "imlist": ["a", "b", "c", "d"],
            "qimlist": ["q1", "q2"],
            "gnd": [{"easy": [0], "hard": [], "junk": [2]}, {"easy": [1], "hard": [], "junk": []}],
        }
    )
    # Of q1 nothing is ranked but its junk, twice and with one score.
    RUN = "query,id,rank,score\nq1,c,1,3\nq1,c,2,3\nq2,d,1,2\nq2,b,2,1\nq2,c,3,0\n"

    def test_junk_is_an_answer(self, report):
        done = report(self.TRUTH, self.RUN, ("roxford-medium",))
        assert done.unanswered == ()
        found = done.coverage
        assert (found.depth, found.unanswered, found.short) == (3, 0, 1)
        assert (found.repeating, found.repeated_entries, found.ties) == (1, 1, {1: 1})

    def test_a_hit_and_a_reached_image_are_looked_for_in_the_ranking_as_given(self, report):
        found = report(self.TRUTH, self.RUN, ("roxford-medium",)).coverage
        # a is in no ranking, so q1 missed it; c is in both.
        assert (found.missed, found.unreached, found.unreached_share) == (1, 1, 1 / 4)
        assert found.hubness.largest == 2

    def test_the_figure_is_that_without_junk(self, report):
        done = report(self.TRUTH, "query,id,rank\nq1,c,1\nq1,a,2\nq2,b,1\n", ("roxford-medium",))
        assert values(done.metrics) == {"roxford-medium": 1}
        assert (done.coverage.depth, done.coverage.missed) == (2, 0)


def test_a_metric_that_needs_scores_is_told_without_them(report):
    with pytest.raises(EvaluationError, match="gap"):
        report(run="id,images\nq1,a\n", names=("gap",))


@settings(max_examples=20)
@given(st.permutations(range(3)), st.permutations(range(4)))
def test_the_order_of_queries_in_either_file_changes_nothing(tmp_path_factory, truth_order, run_order):
    folder = tmp_path_factory.getbasetemp()
    _, *truth_lines = TRUTH.splitlines()
    _, *run_lines = RUN.splitlines()
    truth, run = folder / "truth", folder / "run"
    reports = []
    for first, second in ((range(3), range(4)), (truth_order, run_order)):
        truth.write_text("\n".join(["id,images,Usage", *(truth_lines[place] for place in first)]))
        run.write_text("\n".join(["query,id,rank,score", *(run_lines[place] for place in second)]))
        names = ("map@2", "gap", "recall@1")
        chosen = [metrics.parse(name) for name in names]
        rankings = read_rankings(run)
        reports.append(evaluate(rankings, read_truth(truth), chosen, sampling=SAMPLING, by=("m",)))
    first, second = reports
    assert values(second.metrics) == pytest.approx(values(first.metrics), abs=1e-15)
    assert second.coverage == first.coverage
    assert {name: values(found) for name, found in second.usages.items()} == {
        name: pytest.approx(values(found), abs=1e-15) for name, found in first.usages.items()
    }
    assert list(second.strata["m"]) == list(first.strata["m"])
