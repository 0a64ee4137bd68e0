"""Effect sizes by hand, and ranks against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from evaluate.effect_size import Tally, cohens_d, rank_biserial, tally

DIFFERENCES = st.lists(st.integers(-9, 9).map(lambda number: number / 10), min_size=1, max_size=30)


def test_cohens_d_by_hand():
    # Mean 2, squares of deviations 1 + 0 + 1 over 3 - 1: deviation 1.
    assert cohens_d(np.array([1.0, 2.0, 3.0])) == pytest.approx(2.0)
    assert cohens_d(np.array([-1.0, -2.0, -3.0])) == pytest.approx(-2.0)


def test_cohens_d_is_infinite_where_all_differ_alike_and_none_where_none_does():
    assert cohens_d(np.full(40, 0.1)) == np.inf
    assert cohens_d(np.full(40, -0.1)) == -np.inf
    # Rounding errors are no spread.
    assert cohens_d(np.arange(5) / 7 + 0.1 - np.arange(5) / 7) == np.inf
    assert cohens_d(np.zeros(4)) is None
    assert cohens_d(np.array([0.3])) is None


def test_rank_biserial_by_hand():
    # Sizes 1, 2, 3, 4 rank so; 3 is lost: (1 + 2 + 4 - 3) / 10. The zero has no rank.
    assert rank_biserial(np.array([0.1, 0.2, -0.3, 0.4, 0.0])) == pytest.approx(0.4)
    # Two sizes of 0.2 share the rank 2.5: (1 - 2.5 + 2.5) / 6.
    assert rank_biserial(np.array([0.1, -0.2, 0.2])) == pytest.approx(1 / 6)


def test_sizes_within_a_rounding_error_share_a_rank():
    # 0.1 + 0.2 is more than 0.3 by 5e-17.
    assert rank_biserial(np.array([0.1 + 0.2, -0.3])) == 0.0


def test_rank_biserial_is_one_where_all_win_and_none_where_all_tie():
    assert rank_biserial(np.array([0.3, 0.1])) == 1.0
    assert rank_biserial(np.array([-0.3, 0.0])) == -1.0
    assert rank_biserial(np.array([0.0, 1e-15])) is None


@given(DIFFERENCES)
def test_rank_biserial_comes_from_the_rank_sums_of_wilcoxon(values):
    differences = np.array(values)
    untied = differences[differences != 0]
    if not untied.size:
        assert rank_biserial(differences) is None
        return
    total = rankdata(np.abs(untied)).sum()
    smaller = wilcoxon(untied, method="asymptotic").statistic
    assert abs(rank_biserial(differences)) == pytest.approx((total - 2 * smaller) / total)


@given(DIFFERENCES)
def test_to_swap_the_systems_turns_the_signs(values):
    differences = np.array(values)
    one, other = tally(differences), tally(-differences)
    assert (one.wins, one.ties, one.losses) == (other.losses, other.ties, other.wins)
    assert one.wins + one.ties + one.losses == len(values)
    if (size := rank_biserial(differences)) is not None:
        assert rank_biserial(-differences) == -size


def test_wins_ties_and_losses_by_hand():
    assert tally(np.array([0.5, 1e-13, 0.0, -0.2, 2e-12])) == Tally(wins=2, ties=2, losses=1)
