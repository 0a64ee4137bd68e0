import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from rerank.calibration import calibrate

ALL = np.ones((1, 4), np.bool_)


def floats(*values):
    return np.array(values, np.float32)


def test_none_leaves_scores_and_blanks_padding():
    used = np.array([[True, True, False]])
    assert calibrate(floats([5, -2, 7]), used, "none").tolist() == [[5, -2, 0]]


def test_minmax_by_hand():
    # (x - 2) / (10 - 2)
    assert calibrate(floats([2, 4, 10, 6]), ALL, "minmax").tolist() == [[0, 0.25, 1, 0.5]]


def test_zscore_by_hand():
    # mean 5, deviations -3, -1, 1, 3, variance (9 + 1 + 1 + 9) / 4 = 5
    expected = np.array([[-3, -1, 1, 3]]) / np.sqrt(5)
    np.testing.assert_allclose(calibrate(floats([2, 4, 6, 8]), ALL, "zscore"), expected, rtol=1e-6)


@pytest.mark.parametrize(("kind", "scaler"), [("minmax", MinMaxScaler), ("zscore", StandardScaler)])
def test_equals_the_scaler_of_scikit_learn_a_query(kind, scaler):
    rng = np.random.default_rng(3)
    scores = rng.lognormal(size=(20, 30)).astype(np.float32)
    used = np.arange(30) < rng.integers(2, 31, 20)[:, None]
    calibrated = calibrate(scores, used, kind)
    assert calibrated.dtype == np.float32
    for row, mask, got in zip(scores, used, calibrated, strict=True):
        expected = scaler().fit_transform(row[mask].astype(np.float64)[:, None])[:, 0]
        np.testing.assert_allclose(got[mask], expected, rtol=1e-5, atol=1e-6)
        assert not got[~mask].any()


@pytest.mark.parametrize("kind", ["minmax", "zscore"])
@pytest.mark.parametrize("scores", [[3, 3, 3, 3], [0, 0, 0, 0], [1, 1 + 1e-10, 1, 1]])
def test_equal_scores_become_zero(kind, scores):
    assert not calibrate(floats(scores), ALL, kind).any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["none", "minmax", "zscore"])
@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (2, 3)])
def test_query_without_candidates_gives_zeros_without_a_warning(kind, shape):
    calibrated = calibrate(np.full(shape, np.nan, np.float32), np.zeros(shape, np.bool_), kind)
    assert calibrated.shape == shape
    assert not calibrated.any()


@pytest.mark.parametrize("kind", ["minmax", "zscore"])
def test_what_padding_holds_does_not_matter(kind):
    used = np.array([[True, True, True, False]])
    values = [calibrate(floats([1, 2, 4, pad]), used, kind) for pad in (0, -np.inf, np.nan, 1e30)]
    for other in values[1:]:
        np.testing.assert_array_equal(other, values[0])


@pytest.mark.parametrize("kind", ["minmax", "zscore"])
def test_scores_are_not_changed_in_place(kind):
    scores = floats([1, 2, 3, 4])
    calibrate(scores, ALL, kind)
    assert scores.tolist() == [[1, 2, 3, 4]]
