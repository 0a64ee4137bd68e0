"""Precision and recall: by hand, equal to scikit-learn, ties and weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.precision_recall import average_precision, curve

ONE = np.ones((1, 4))


def test_curve_and_area_by_hand():
    scores, positive = np.array([0.9, 0.3, 0.6, 0.1]), np.array([True, True, False, False])
    found = curve(scores, positive)
    assert found.thresholds.tolist() == [0.9, 0.6, 0.3, 0.1]
    assert found.precision.tolist() == [1, 1 / 2, 2 / 3, 1 / 2]
    assert found.recall.tolist() == [0.5, 0.5, 1, 1]
    # .5 x 1 + .5 x 2/3
    assert average_precision(scores, positive, ONE).tolist() == [pytest.approx(5 / 6)]


def test_equal_scores_share_a_threshold_whatever_their_order():
    positive = np.array([True, False, True, False])
    assert curve(np.full(4, 0.5), positive).precision.tolist() == [0.5]
    assert average_precision(np.full(4, 0.5), positive, ONE) == average_precision(
        np.full(4, 0.5), ~positive, ONE
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_area_equals_scikit_learns_with_weights_and_ties(seed, count):
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(seed)
    scores, positive = rng.integers(0, 6, count) / 5, rng.random(count) < 0.4
    positive[0] = True
    weights = rng.integers(0, 4, (3, count)).astype(float)
    weights[:, 0] += 1
    expected = [average_precision_score(positive, scores, sample_weight=line) for line in weights]
    np.testing.assert_allclose(average_precision(scores, positive, weights), expected, atol=1e-12)


def test_a_draw_without_anything_positive_counts_as_nothing():
    positive = np.array([True, False, False, False])
    assert average_precision(np.arange(4.0), positive, np.array([[0.0, 1, 1, 2]])).tolist() == [0.0]


def test_nothing_positive_at_all_is_the_callers_bug():
    with pytest.raises(ValueError, match="something positive"):
        curve(np.arange(4.0), np.zeros(4, bool))
