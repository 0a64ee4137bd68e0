"""What every metric keeps to; a new file in evaluate/metrics joins by itself."""

import numpy as np
import pytest

from evaluate import metrics
from evaluate.outcome import Outcome
from evaluate.truth import Truth

METRICS = [metrics.parse(name.replace("K", "3")) for name in metrics.names()]
LABELS_BY_ROW = {row: str(row % 4) for row in range(24)}
QUERY_LABELS = [str(place % 4) for place in range(11)]


def outcome_of(rows, order=None):
    places = range(11) if order is None else order
    ids = [f"q{place}" for place in places]
    labels = [QUERY_LABELS[place] for place in places]
    truth = Truth.from_labels(
        ids, labels, list(LABELS_BY_ROW), list(map(str, LABELS_BY_ROW)), list(LABELS_BY_ROW.values())
    )
    return Outcome.from_rows(truth, rows, query_labels=labels, labels_by_row=LABELS_BY_ROW)


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
    assert metric.figure(outcome_of(perfect), PLAIN).tolist() == [1.0]
    assert metric.per_query(outcome_of(perfect)).tolist() == [1.0] * 11


def test_no_answers_and_wrong_answers_score_zero(metric):
    wrong = (np.arange(11)[:, None] + 1) % 4 + 4 * np.arange(6)
    for table in (np.full((11, 5), -1), np.empty((11, 0), dtype=np.int64), wrong):
        assert metric.figure(outcome_of(table), PLAIN).tolist() == [0.0]
        assert metric.per_query(outcome_of(table)).tolist() == [0.0] * 11


def test_scores_lie_between_nothing_and_one(metric, rows):
    scores = metric.per_query(outcome_of(rows))
    assert scores.dtype == np.float64
    assert scores.shape == (11,)
    assert 0.0 <= scores.min() < scores.max() <= 1.0
    assert 0.0 < metric.figure(outcome_of(rows), PLAIN)[0] < 1.0


def test_the_order_of_queries_does_not_matter(metric, rows):
    order = np.random.default_rng(1).permutation(11)
    shuffled = outcome_of(rows[order], order.tolist())
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
