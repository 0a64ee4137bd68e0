"""Fitted calibrations: equal to scikit-learn's, finite where answers are few or clear, else one sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import ConfigError
from rerank.calibration import calibrate, check_curve
from rerank.calibration_fit import fit, fit_isotonic, fit_sigmoid


def answers(count, seed=0, slope=4.0, shift=0.0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(shift, 1.0, count).astype(np.float32)
    return scores, rng.random(count) < 1 / (1 + np.exp(-slope * (scores - shift - 0.5)))


def chances_of(kind, scores, curve):
    return calibrate(scores[None], np.ones((1, len(scores)), bool), kind, curve)[0]


class Passing:
    """A classifier for scikit-learn that passes its input on as its decision."""

    classes_ = np.array([0, 1])

    def fit(self, inputs, targets):
        return self

    def decision_function(self, inputs):
        return inputs[:, 0]


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
@pytest.mark.parametrize(("count", "slope", "shift"), [(40, 4, 0), (400, 1, 0.7), (3000, 8, -2)])
def test_chances_equal_scikit_learns(kind, count, slope, shift):
    from sklearn.calibration import _SigmoidCalibration
    from sklearn.isotonic import IsotonicRegression

    scores, correct = answers(count, seed=count, slope=slope, shift=shift)
    theirs = _SigmoidCalibration() if kind == "sigmoid" else IsotonicRegression(out_of_bounds="clip")
    expected = theirs.fit(scores.astype(np.float64), correct.astype(float)).predict(scores.astype(np.float64))
    # Theirs stops at a gradient of 1e-6 or so; ours goes on.
    np.testing.assert_allclose(chances_of(kind, scores, fit(kind, scores, correct)), expected, atol=2e-3)


def test_sigmoid_has_a_lower_loss_than_any_neighbour():
    scores, correct = answers(200)
    wins = correct.sum()
    targets = np.where(correct, (wins + 1) / (wins + 2), 1 / (len(scores) - wins + 2))

    def loss(slope, intercept):
        inputs = slope * scores.astype(float) + intercept
        return (np.logaddexp(0, inputs) - targets * inputs).sum()

    slope, intercept = fit_sigmoid(scores, correct)
    best = loss(slope, intercept)
    for change in (0.01, -0.01):
        assert loss(slope + change, intercept) > best
        assert loss(slope, intercept + change) > best


def test_scores_that_part_right_from_wrong_give_a_finite_slope():
    scores = np.arange(20.0)
    slope, intercept = fit_sigmoid(scores, scores > 9)
    assert 0 < slope < 10
    # Targets are 11/12 and 1/12: the chances at the ends come near them, not to 0 and 1.
    assert chances_of("sigmoid", scores.astype(np.float32), (slope, intercept))[[0, -1]] == pytest.approx(
        [1 / 12, 11 / 12], abs=0.09
    )


def test_equal_scores_give_one_chance():
    scores = np.full(20, 3.0)
    slope, intercept = fit_sigmoid(scores, np.arange(20) < 5)
    # 5 right of 20: (5 * 6/7 + 15 * 1/17) / 20 = 0.258.
    assert slope == 0.0
    assert 1 / (1 + np.exp(-intercept)) == pytest.approx((5 * 6 / 7 + 15 / 17) / 20)


@given(scale=st.floats(1e-4, 1e4), shift=st.floats(-100, 100))
def test_scale_of_the_scores_does_not_change_the_chances(scale, shift):
    scores, correct = answers(100)
    scores = scores.astype(np.float64)
    slope, intercept = fit_sigmoid(scores, correct)
    other_slope, other = fit_sigmoid(scores * scale + shift, correct)
    np.testing.assert_allclose(
        other_slope * (scores * scale + shift) + other, slope * scores + intercept, atol=1e-4
    )


def test_isotonic_curve_is_short_rises_and_stays_near_the_whole_one():
    scores, correct = answers(200_000, slope=1.0)
    curve = fit_isotonic(scores, correct)
    check_curve("isotonic", curve)
    assert len(curve) <= 128
    truth = 1 / (1 + np.exp(-(scores - 0.5)))
    assert np.abs(chances_of("isotonic", scores, curve) - truth).mean() < 0.01


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
@pytest.mark.parametrize(
    ("scores", "correct", "sentence"),
    [
        (np.arange(9.0), np.arange(9) > 4, "at least 10 answers to fit, got 9"),
        (np.zeros(0), np.zeros(0, bool), "got 0"),
        (np.r_[np.arange(19.0), np.nan], np.arange(20) > 4, "not finite"),
        (np.arange(20.0), np.ones(20, bool), "all 20 answers are right"),
        (np.arange(20.0), np.zeros(20, bool), "all 20 answers are wrong"),
    ],
)
def test_what_cannot_be_fitted_is_one_sentence(kind, scores, correct, sentence):
    with pytest.raises(ConfigError, match=sentence):
        fit(kind, scores, correct)


@pytest.mark.parametrize("kind", ["none", "minmax", "zscore"])
def test_calibrations_that_learn_nothing_take_no_curve(kind):
    assert fit(kind, np.zeros(0), np.zeros(0, bool)) == ()


def test_shapes_that_do_not_fit_are_the_callers_bug():
    with pytest.raises(ValueError, match="must be"):
        fit_sigmoid(np.zeros(20), np.zeros(19, bool))
