"""Files of rankings and truth to a report: figures by hand, groups, coverage, and no dependence on order."""

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
        "the queries have no column 'town' to group them by; there are m, label, city "
        "(a CSV of the queries adds its columns)"
    )


def test_columns_are_looked_up_and_m_stands_for_a_count(tmp_path):
    (tmp_path / "labels.csv").write_text("id,label,city\na,1,Rome\nb,1,Oslo\n")
    (tmp_path / "run.csv").write_text("id,images\na,b\n")
    known = read_truth(tmp_path / "labels.csv", [read_rankings(tmp_path / "run.csv")])
    assert columns(known, ("m", "city")) == {"m": None, "city": ("Rome",)}


def test_notes_of_the_truth_stand_in_the_report(report):
    done = report("id,label\na,1\nb,1\n", "id,images\na,b\nb,a\n")
    assert done.notes == ("queries are images of the index too; none counts for itself",)


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
