"""How many queries a difference takes: by hand, and by tests on simulated differences."""

import numpy as np
import pytest
from scipy.stats import norm, ttest_1samp

from evaluate.power import detectable, queries_needed

# Deviation 0.2: squares 0.01 * 4 over 4 - 1, times 3.
SPREAD = np.array([0.1, -0.1, 0.1, -0.1]) * np.sqrt(3)


def test_queries_needed_by_hand():
    # (1.95996 + 0.84162) * 0.2 / 0.05 = 11.2063, squared 125.58.
    assert SPREAD.std(ddof=1) == pytest.approx(0.2)
    assert queries_needed(SPREAD, 0.05) == 126
    assert queries_needed(SPREAD, -0.05) == 126
    # 90 % power at 99 %: (2.57583 + 1.28155) * 0.2 / 0.05 = 15.4295, squared 238.07.
    assert queries_needed(SPREAD, 0.05, power=0.9, level=0.99) == 239


def test_detectable_by_hand():
    # 2.80158 * 0.2 / sqrt(4).
    assert detectable(SPREAD) == pytest.approx(0.280158, abs=1e-5)


def test_what_is_detectable_needs_the_queries_there_are():
    differences = np.random.default_rng(0).normal(size=73)
    # A hair more, lest rounding ask for one query more.
    assert queries_needed(differences, detectable(differences) * (1 + 1e-9)) == 73


def test_a_test_on_as_many_queries_finds_the_difference_four_times_in_five():
    rng = np.random.default_rng(0)
    num_queries = queries_needed(SPREAD, 0.03)
    # Beta(2, 2) has a deviation of sqrt(1/20) = 0.2236: scaled to 0.2, with a mean of 0.03.
    drawn = (rng.beta(2, 2, size=(2000, num_queries)) - 0.5) * 0.2 / np.sqrt(1 / 20) + 0.03
    found = (ttest_1samp(drawn, 0, axis=1).pvalue < 0.05).mean()
    # Of 2,000 sets the share has a deviation of 0.009.
    assert found == pytest.approx(0.8, abs=0.03)


def test_power_is_what_the_normal_law_says():
    for power in (0.3, 0.5, 0.95):
        reach = detectable(SPREAD, power=power) / (0.2 / 2)
        assert norm.sf(norm.ppf(0.975) - reach) == pytest.approx(power)


def test_differences_without_scatter_need_the_fewest_queries():
    assert queries_needed(np.full(9, 0.25), 0.01) == 2
    assert detectable(np.full(9, 0.25)) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SPREAD, 0.0), "size must not be 0"),
        ((SPREAD, float("nan")), "size must not be 0"),
        ((SPREAD[:1], 1.0), "two differences or more"),
        ((SPREAD, 1.0, 1.0), "power from"),
        ((SPREAD, 1.0, 0.02), "power from"),
        ((SPREAD, 1.0, 0.8, 95.0), "level must be between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        queries_needed(*arguments)
