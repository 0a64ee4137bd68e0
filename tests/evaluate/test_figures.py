"""Figures of groups: each is what it would be alone."""

import numpy as np
import pytest

from evaluate.bootstrap import interval
from evaluate.figures import Figure, figures
from evaluate.labels import Labels
from evaluate.metric import MeanMetric
from evaluate.metrics import parse
from evaluate.outcome import Outcome


@pytest.fixture
def outcome():
    rng = np.random.default_rng(0)
    hits = rng.random((40, 12)) < 0.3
    labels = Labels(("a", "b"), rng.integers(0, 2, size=40), rng.integers(-1, 2, size=(40, 12)))
    return Outcome(hits, hits.sum(axis=1) + 2, np.full(40, 12), labels)


# Has a value for queries with a hit at the first rank only.
SOME = MeanMetric("some", lambda outcome: np.where(outcome.hits[:, 0], outcome.hits[:, 1] * 0.5, np.nan), 2)
METRICS = (parse("map@10"), SOME, parse("knn-f1"), parse("recall@1"))
ALL = {"": np.ones(40, dtype=bool)}


def test_each_figure_is_that_of_its_queries_alone(outcome):
    groups = {"first": np.arange(40) < 15, "last": np.arange(40) >= 15, **ALL}
    found = figures(METRICS, outcome, groups, seed=3, resamples=200)
    assert list(found) == ["first", "last", ""]
    for name, mask in groups.items():
        part = outcome.select(mask)
        assert list(found[name]) == ["map@10", "some", "knn-f1", "recall@1"]
        for metric in METRICS:
            value = metric.figure(part, np.ones((1, part.num_queries)))[0]
            low, high = interval(metric, part, rng=3, resamples=200)
            figure = found[name][metric.name]
            assert (figure.value, figure.low, figure.high) == pytest.approx((value, low, high), abs=1e-12)
            assert figure.queries == (part.hits[:, 0].sum() if metric is SOME else part.num_queries)


def test_a_metric_without_a_value_in_a_group_is_left_out_there(outcome):
    groups = {"without": ~outcome.hits[:, 0], "with": outcome.hits[:, 0]}
    found = figures(METRICS, outcome, groups, resamples=50)
    assert list(found["without"]) == ["map@10", "knn-f1", "recall@1"]
    assert "some" in found["with"]
    assert figures([SOME], outcome, groups, resamples=50)["without"] == {}


def test_a_figure_that_no_query_defines_is_left_out(outcome):
    class Undefined:
        name, depth, is_mean, lower_is_better = "undefined", None, False, False

        def per_query(self, outcome):
            return np.full(outcome.num_queries, np.nan)

        def figure(self, outcome, weights):
            return np.full(len(weights), np.nan)

    assert list(figures([Undefined(), METRICS[0]], outcome, ALL, resamples=50)[""]) == ["map@10"]


def test_a_group_of_one_query_has_an_interval_without_width(outcome):
    one = {"one": np.arange(40) == np.flatnonzero(outcome.hits[:, 0])[0]}
    for figure in figures(METRICS, outcome, one, resamples=50)["one"].values():
        assert figure == Figure(figure.value, figure.value, figure.value, 1)


def test_an_empty_group_is_refused(outcome):
    with pytest.raises(ValueError, match="one of them True"):
        figures(METRICS, outcome, {"empty": np.zeros(40, dtype=bool)})
