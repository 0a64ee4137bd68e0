"""What every metric keeps to; a new file in evaluate/metrics joins by itself."""

import dataclasses

import numpy as np
import pytest

from evaluate import dialects, metrics
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Confidences
from evaluate.truth import Truth

NAMES = [name.replace("K", "3") for name in metrics.names()]
METRICS = [metrics.parse(name) for name in (*NAMES, *(f"map@3:{name}" for name in dialects.names()))]
LABELS_BY_ROW = {row: str(row % 4) for row in range(24)}
QUERY_LABELS = [str(place % 4) for place in range(11)]
# Ties among them; the first answers of all queries, surest first: 2 and 9, 0, 5 and 7, ...
SURE = np.array([8.0, 1.0, 9.0, 2.0, 3.0, 7.0, 4.0, 7.0, 5.0, 9.0, 0.5])


def outcome_of(rows, order=None):
    """Judge rankings with every part that an outcome can have: half of the relevant images are easy."""
    places = np.arange(11) if order is None else np.asarray(order)
    ids = [f"q{place:02d}" for place in places]
    labels = [QUERY_LABELS[place] for place in places]
    truth = Truth.from_labels(
        ids, labels, list(LABELS_BY_ROW), list(map(str, LABELS_BY_ROW)), list(LABELS_BY_ROW.values())
    )
    truth = dataclasses.replace(
        truth,
        easy=tuple(relevant[::2] for relevant in truth.relevant),
        gains=tuple(np.arange(relevant.size, 0, -1.0) for relevant in truth.relevant),
    )
    sure = np.where((rows >= 0).any(axis=1), SURE[places], -np.inf)
    return Outcome.from_rows(
        truth,
        rows,
        query_labels=labels,
        labels_by_row=LABELS_BY_ROW,
        confidences=Confidences(sure, places),
    )


def worst(metric):
    """Nothing, or the rank behind the last one that counts."""
    return metric.depth + 1.0 if metric.lower_is_better else 0.0


@pytest.fixture
def rows():
    # Rankings a little better than chance, with repeats and padding among them.
    rng = np.random.default_rng(3)
    table = rng.integers(-1, 24, size=(11, 9))
    right = np.arange(11)[:, None] % 4 + 4 * rng.integers(0, 6, size=(11, 9))
    return np.where(rng.random((11, 9)) < 0.2, right, table)


pytestmark = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
PLAIN = np.ones((1, 11))


def test_the_name_leads_back_to_the_metric(metric):
    assert metrics.parse(metric.name) == metric


def test_a_perfect_ranking_scores_one(metric):
    perfect = np.arange(11)[:, None] % 4 + 4 * np.arange(6)
    # Three results of six relevant images: a divisor of six cannot reach 1.
    reached = 0.5 if metric.name in ("map@3:trec", "map@3:trapezoid") else 1.0
    assert metric.figure(outcome_of(perfect), PLAIN) == pytest.approx(reached, abs=1e-12)
    np.testing.assert_allclose(metric.per_query(outcome_of(perfect)), reached, atol=1e-12)


def test_no_answers_and_wrong_answers_are_the_worst_there_is(metric):
    wrong = (np.arange(11)[:, None] + 1) % 4 + 4 * np.arange(6)
    for table in (np.full((11, 5), -1), np.empty((11, 0), dtype=np.int64), wrong):
        assert metric.figure(outcome_of(table), PLAIN).tolist() == [worst(metric)]
        assert metric.per_query(outcome_of(table)).tolist() == [worst(metric)] * 11


def test_scores_lie_between_the_worst_and_one(metric, rows):
    scores = metric.per_query(outcome_of(rows))
    assert scores.dtype == np.float64
    assert scores.shape == (11,)
    low, high = sorted((worst(metric), 1.0))
    assert low <= scores.min() < scores.max() <= high
    assert low < metric.figure(outcome_of(rows), PLAIN)[0] < high


def test_a_mean_is_the_mean_of_its_queries(metric, rows):
    # So is gap here, where every query shows a landmark; under weights it is not.
    figure = metric.figure(outcome_of(rows), PLAIN)[0]
    mean = metric.per_query(outcome_of(rows)).mean()
    assert (figure == pytest.approx(mean, abs=1e-12)) == (metric.is_mean or metric.name == "gap")


def test_the_depth_is_how_far_it_looks(metric, rows):
    answered = np.where(rows < 0, 0, rows)
    whole, cut = (metric.per_query(outcome_of(answered[:, :depth])) for depth in (None, metric.depth or 1))
    # One that names no depth looks further than one rank.
    assert np.array_equal(whole, cut) == (metric.depth is not None)
    if metric.depth is None or metric.name.startswith("knn-f1"):
        # The votes of knn-f1 come from as far as the first labels are; its depth is what to ask for.
        return
    blanks = np.full((11, metric.depth), -1)
    late = np.concatenate([blanks, np.arange(11)[:, None] % 4 + 4 * np.arange(6)], axis=1)
    assert metric.per_query(outcome_of(late)).tolist() == [worst(metric)] * 11


def test_the_order_of_queries_does_not_matter(metric, rows):
    order = np.random.default_rng(1).permutation(11)
    shuffled = outcome_of(rows[order], order)
    assert metric.figure(shuffled, PLAIN) == pytest.approx(metric.figure(outcome_of(rows), PLAIN), abs=1e-12)
    np.testing.assert_array_equal(metric.per_query(shuffled), metric.per_query(outcome_of(rows))[order])


def test_a_weight_of_nothing_is_a_query_left_out(metric, rows):
    kept = np.arange(11) % 3 != 0
    chosen = outcome_of(rows).select(kept)
    assert metric.figure(outcome_of(rows), kept[None].astype(float)) == pytest.approx(
        metric.figure(chosen, np.ones((1, chosen.num_queries))), abs=1e-12
    )


def test_only_the_ratio_of_weights_matters(metric, rows):
    weights = np.random.default_rng(2).random((4, 11))
    once, thrice = (metric.figure(outcome_of(rows), weights * factor) for factor in (1, 3))
    assert once.shape == (4,)
    np.testing.assert_allclose(once, thrice, atol=1e-12)


def test_each_row_of_weights_is_a_figure_of_its_own(metric, rows):
    weights = np.random.default_rng(2).integers(0, 3, size=(6, 11)).astype(float)
    together = metric.figure(outcome_of(rows), weights)
    alone = [metric.figure(outcome_of(rows), row[None])[0] for row in weights]
    np.testing.assert_allclose(together, alone, atol=1e-12)
    assert len(set(alone)) > 1


def test_a_joined_outcome_holds_both_runs(metric, rows):
    other = rows[:, ::-1][:, :5]
    both = outcome_of(rows).joined(outcome_of(other))
    weights = np.zeros((2, 22))
    weights[0, :11] = weights[1, 11:] = 1.0
    expected = [metric.figure(outcome_of(table), PLAIN)[0] for table in (rows, other)]
    np.testing.assert_allclose(metric.figure(both, weights), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(11), r"weights must be \(R, 11\), got \(11,\)"),
        (np.ones((2, 10)), r"weights must be \(R, 11\), got \(2, 10\)"),
        (np.zeros((1, 11)), "more than 0 somewhere in each row"),
        (np.full((1, 11), -1.0), "weights must be 0 or more"),
        (np.where(np.arange(11) == 4, np.nan, 1.0)[None], "weights must be 0 or more"),
    ],
)
def test_weights_of_another_kind_are_refused(metric, rows, weights, message):
    with pytest.raises(ValueError, match=message):
        metric.figure(outcome_of(rows), weights)
