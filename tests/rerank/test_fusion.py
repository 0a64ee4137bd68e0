import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import ConfigError
from rerank.fusion import Fusion, fuse
from rerank.ranking import PAD, Ranking


@st.composite
def scored_rankings(draw):
    """A ranking, some queries padded, and local scores with many ties."""
    num_queries, num_places = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = np.stack([rng.permutation(30)[:num_places] for _ in range(num_queries)])
    scores = np.sort(rng.standard_normal(rows.shape).astype(np.float32), axis=1)[:, ::-1]
    padded = np.arange(num_places) >= rng.integers(0, num_places + 1, num_queries)[:, None]
    rows[padded] = PAD
    local = rng.choice(np.array([0, 0.5, 1.25], np.float32), rows.shape)
    return Ranking(rows, np.where(padded, -np.inf, scores).astype(np.float32)), local


@given(scored_rankings(), st.sampled_from(["none", "minmax", "zscore"]))
@pytest.mark.filterwarnings("error")
def test_v_of_one_is_the_input_bit_for_bit(scored, calibration):
    ranking, local = scored
    fused = fuse(ranking, local, Fusion(1.0, calibration))
    assert fused.rows.tobytes() == ranking.rows.tobytes()
    assert fused.scores.tobytes() == ranking.scores.tobytes()


@given(scored_rankings(), st.sampled_from(["none", "minmax", "zscore"]))
@pytest.mark.filterwarnings("error")
def test_v_of_zero_is_the_local_order_with_ties_in_input_order(scored, calibration):
    ranking, local = scored
    fused = fuse(ranking, local, Fusion(0.0, calibration))
    for before, after, keys in zip(ranking.rows, fused.rows, local, strict=True):
        num_used = (before != PAD).sum()
        expected = [before[place] for place in sorted(range(num_used), key=lambda place: -keys[place])]
        assert after.tolist() == expected + [PAD] * (len(before) - num_used)


@given(scored_rankings(), st.floats(0, 1), st.sampled_from(["none", "minmax", "zscore"]))
@pytest.mark.filterwarnings("error")
def test_rows_stay_the_same_set_and_padding_survives(scored, v, calibration):
    ranking, local = scored
    fused = fuse(ranking, local, Fusion(v, calibration))
    np.testing.assert_array_equal(np.sort(fused.rows, axis=1), np.sort(ranking.rows, axis=1))
    np.testing.assert_array_equal(fused.used, ranking.used)
    np.testing.assert_array_equal(np.isnan(fused.columns["local"]), ~ranking.used)


def test_formula_by_hand():
    # v = 0.25: row 8: .25 x .8 + .75 x .1 = .275; row 3: .25 x .4 + .75 x .6 = .55
    ranking = Ranking(np.array([[8, 3]]), np.array([[0.8, 0.4]], np.float32))
    fused = fuse(ranking, np.array([[0.1, 0.6]], np.float32), Fusion(0.25))
    assert fused.rows.tolist() == [[3, 8]]
    np.testing.assert_allclose(fused.scores, [[0.55, 0.275]], rtol=1e-6)
    np.testing.assert_array_equal(fused.columns["local"], np.array([[0.6, 0.1]], np.float32))


def test_column_holds_the_scores_ahead_of_calibration():
    # minmax makes 10 -> 0 and 30 -> 1; at v = 0.5: row 8: .45 + 0, row 3: .4 + .5
    ranking = Ranking(np.array([[8, 3]]), np.array([[0.9, 0.8]], np.float32))
    fused = fuse(ranking, np.array([[10, 30]], np.float32), Fusion(0.5, "minmax"))
    assert fused.rows.tolist() == [[3, 8]]
    np.testing.assert_allclose(fused.scores, [[0.9, 0.45]], rtol=1e-6)
    assert fused.columns["local"].tolist() == [[30, 10]]


def test_columns_that_were_there_move_with_their_rows():
    columns = {"global": np.array([[0.8, 0.4]], np.float32)}
    ranking = Ranking(np.array([[8, 3]]), np.array([[0.8, 0.4]], np.float32), columns)
    fused = fuse(ranking, np.array([[0.0, 9.0]], np.float32), Fusion(0.5))
    np.testing.assert_array_equal(fused.columns["global"], np.array([[0.4, 0.8]], np.float32))


@pytest.mark.parametrize("v", [-0.01, 1.01, float("nan"), float("inf")])
def test_v_out_of_range_is_refused(v):
    with pytest.raises(ConfigError, match="v must be between 0 and 1, got"):
        Fusion(v)
