"""A report holds every metric, over all queries and for each usage, and shows them."""

import json

import numpy as np
import pytest

from evaluate.bootstrap import interval
from evaluate.errors import EvaluationError
from evaluate.figures import Figure
from evaluate.metric import MeanMetric
from evaluate.metrics import parse
from evaluate.outcome import Outcome
from evaluate.report import Report, Sampling, score
from evaluate.truth import Truth

NOTHING = np.empty(0, dtype=np.int64)
# One relevant image each, row 0. AP: 1, 1/2, 0 (no answer), 1/2.
TRUTH = Truth(("a", "b", "c", "d"), (np.array([0]),) * 4, (NOTHING,) * 4, ("public", "private", "public", ""))
OUTCOME = Outcome.from_rows(TRUTH, np.array([[0, 9], [9, 0], [-1, -1], [9, 0]]))
METRICS = [parse("map@100"), parse("recall@1")]
FEW = Sampling(resamples=200)


@pytest.fixture(scope="module")
def report():
    return score(TRUTH, OUTCOME, METRICS, sampling=FEW)


def values(figures):
    return {name: (figure.value, figure.queries) for name, figure in figures.items()}


def test_figures_over_all_queries(report):
    # (1 + 1/2 + 0 + 1/2) / 4; one of four is right at rank 1.
    assert values(report.metrics) == {"map@100": (0.5, 4), "recall@1": (0.25, 4)}


def test_figures_of_each_usage_in_sorted_order(report):
    assert list(report.usages) == ["private", "public"]
    assert values(report.usages["private"]) == {"map@100": (0.5, 1), "recall@1": (0.0, 1)}
    # Public are the APs 1 and 0.
    assert values(report.usages["public"]) == {"map@100": (0.5, 2), "recall@1": (0.5, 2)}


def test_intervals_are_those_of_the_queries_of_the_block(report):
    public = OUTCOME.select(np.array([True, False, True, False]))
    for figures, outcome in ((report.metrics, OUTCOME), (report.usages["public"], public)):
        for metric in METRICS:
            figure = figures[metric.name]
            expected = interval(metric, outcome, kind="bca", rng=0, resamples=200)
            assert (figure.low, figure.high) == expected
            assert figure.low < figure.value < figure.high


def test_the_unanswered_are_named(report):
    assert report.unanswered == ("c",)


def test_a_figure_is_the_same_whatever_stands_beside_it(report):
    alone = score(TRUTH, OUTCOME, METRICS[1:], sampling=FEW)
    assert alone.metrics["recall@1"] == report.metrics["recall@1"]


def test_the_seed_moves_the_interval_and_not_the_value():
    rng = np.random.default_rng(0)
    many = Truth(tuple(map(str, range(50))), (np.arange(5),) * 50, (NOTHING,) * 50, ("",) * 50)
    outcome = Outcome.from_rows(many, rng.integers(0, 30, size=(50, 20)))
    first, second = (
        score(many, outcome, METRICS[:1], sampling=Sampling(seed=seed, resamples=100)) for seed in (0, 1)
    )
    assert first.metrics["map@100"].value == second.metrics["map@100"].value
    assert first.metrics["map@100"].low != second.metrics["map@100"].low


def test_blocks_are_sorted_however_many_usages_there_are():
    names = tuple(f"part {place * 7 % 20:02d}" for place in range(20))
    truth = Truth(names, (np.array([0]),) * 20, (NOTHING,) * 20, names)
    outcome = Outcome.from_rows(truth, np.zeros((20, 1), dtype=np.int64))
    assert list(score(truth, outcome, METRICS[:1], sampling=FEW).usages) == sorted(names)


def test_a_truth_without_usages_has_no_blocks():
    bare = Truth(TRUTH.query_ids, TRUTH.relevant, TRUTH.ignored, ("",) * 4)
    assert score(bare, OUTCOME, METRICS, sampling=FEW).usages == {}


FIXED = Report(
    metrics={"map@100": Figure(0.5, 0.25, 0.75, 1421), "recall@1": Figure(1.0, 1.0, 1.0, 1421)},
    usages={"private": {"map@100": Figure(0.1234567, 0.0, 0.2, 3)}},
    unanswered=("x", "y"),
    sampling=Sampling("percentile", 0.9, 500, 3),
    strata={"m": {"1": {"recall@1": Figure(1.0, 1.0, 1.0, 2)}}},
    notes=("queries are images of the index too",),
)


def test_to_dict_is_plain_and_complete(report):
    assert FIXED.to_dict() == {
        "metrics": {
            "map@100": {"value": 0.5, "low": 0.25, "high": 0.75, "queries": 1421},
            "recall@1": {"value": 1.0, "low": 1.0, "high": 1.0, "queries": 1421},
        },
        "usages": {"private": {"map@100": {"value": 0.1234567, "low": 0.0, "high": 0.2, "queries": 3}}},
        "strata": {"m": {"1": {"recall@1": {"value": 1.0, "low": 1.0, "high": 1.0, "queries": 2}}}},
        "unanswered": ["x", "y"],
        "coverage": None,
        "interval": {"kind": "percentile", "level": 0.9, "resamples": 500, "seed": 3},
        "notes": ["queries are images of the index too"],
    }
    # json knows no numpy numbers.
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()


def test_the_table_shows_a_block_for_each_usage():
    assert FIXED.table() == "\n".join(
        [
            "all queries   value   90 % interval     queries",
            "map@100      0.5000   0.2500 - 0.7500      1421",
            "recall@1     1.0000   1.0000 - 1.0000      1421",
            "",
            "private       value   90 % interval     queries",
            "map@100      0.1235   0.0000 - 0.2000         3",
            "",
            "m = 1         value   90 % interval     queries",
            "recall@1     1.0000   1.0000 - 1.0000         2",
            "",
            "no answer, counted as wrong: 2 (x, y)",
            "",
            "queries are images of the index too",
            "",
            "90 % percentile bootstrap intervals over queries, 500 resamples, seed 3",
        ]
    )


def test_the_table_lists_ten_unanswered_and_counts_the_rest():
    table = Report(FIXED.metrics, {}, tuple(map(str, range(13)))).table()
    last = "no answer, counted as wrong: 13 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more)"
    assert table.splitlines()[-3] == last


def test_the_table_keeps_quiet_where_all_are_answered():
    assert "no answer" not in Report(FIXED.metrics, {}, ()).table()


def test_what_a_metric_lacks_is_told():
    with pytest.raises(EvaluationError, match="knn-f1 needs the labels"):
        score(TRUTH, OUTCOME, [parse("knn-f1")])


def test_an_outcome_of_other_queries_is_refused():
    with pytest.raises(ValueError, match="the outcome must be of the queries of this truth"):
        score(TRUTH.select(np.array([True, True, False, False])), OUTCOME, METRICS)


def test_no_metric_is_refused():
    with pytest.raises(ValueError, match="at least one metric"):
        score(TRUTH, OUTCOME, [])


def test_groups_by_a_column_and_by_the_number_of_relevant_images():
    columns = {"weather": ("sun", "rain", "sun", "rain"), "m": None}
    strata = score(TRUTH, OUTCOME, METRICS, sampling=FEW, columns=columns).strata
    # Sun are the APs 1 and 0, rain 1/2 and 1/2.
    assert values(strata["weather"]["sun"]) == {"map@100": (0.5, 2), "recall@1": (0.5, 2)}
    assert values(strata["weather"]["rain"]) == {"map@100": (0.5, 2), "recall@1": (0.0, 2)}
    assert list(strata["m"]) == ["1"]


def test_a_metric_that_no_query_counts_for_is_refused():
    nobody = Outcome(OUTCOME.hits, OUTCOME.num_relevant, OUTCOME.num_answers, query_ids=TRUTH.query_ids)
    metric = MeanMetric("never", lambda outcome: np.full(outcome.num_queries, np.nan), 1)
    with pytest.raises(EvaluationError, match="no query counts for never"):
        score(TRUTH, nobody, [metric])


def test_ids_and_groups_reach_no_terminal_as_commands():
    figure = Figure(0.5, 0.25, 0.75, 2)
    report = Report(
        {"map@100": figure},
        {"a\x1b[2Jb": {"map@100": figure}},
        ("q\x1b[31m",),
        strata={"city\n": {"\u202eRome": {"map@100": figure}}},
        notes=("of r\x07.csv",),
    )
    shown = report.table()
    assert not set("\x1b\x07\u202e").intersection(shown)
    assert "q\ufffd[31m" in shown
    # Every line of figures is as wide as the others.
    assert len({line.index("0.5000") for line in shown.splitlines() if "0.5000" in line}) == 1
