"""Bootstrap intervals against a plain loop, against scipy and against what statistics says they must be."""

import math

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import norm
from sklearn.metrics import f1_score

from evaluate.bootstrap import (
    figure_interval,
    interval,
    mean_intervals,
    resampled_counts,
)
from evaluate.intervals import bca_ends
from evaluate.jackknife import influences
from evaluate.labels import Labels
from evaluate.metric import MeanMetric
from evaluate.metrics import parse
from evaluate.outcome import Outcome


def coin_outcome(num_right, num_queries):
    """Make an outcome in which the first `num_right` queries are answered right."""
    hits = (np.arange(num_queries) < num_right)[:, None]
    return Outcome(hits, np.ones(num_queries, dtype=np.int64), np.ones(num_queries, dtype=np.int64))


def random_outcome(num_queries, seed=0):
    rng = np.random.default_rng(seed)
    hits = rng.random((num_queries, 20)) < 0.2
    queries, neighbours = rng.integers(0, 3, size=num_queries), rng.integers(-1, 3, size=(num_queries, 20))
    labels = Labels(("a", "b", "c"), queries, neighbours)
    return Outcome(hits, hits.sum(axis=1) + 2, np.full(num_queries, 20), labels)


def outcome_of(values):
    """Make a metric of these values, and an outcome of as many queries."""
    scores = np.asarray(values, dtype=np.float64)
    return MeanMetric("made-up", lambda outcome: scores, None), coin_outcome(0, scores.size)


def plain_map(outcome, drawn):
    total = 0.0
    for query in drawn:
        found = 0
        for rank, hit in enumerate(outcome.hits[query, :10].tolist(), start=1):
            found += hit
            total += hit * found / rank / min(int(outcome.num_relevant[query]), 10)
    return total / len(drawn)


def plain_f1(outcome, drawn):
    predicted = parse("knn-f1").predictions(outcome)[drawn]
    return f1_score(outcome.labels.queries[drawn], predicted, average="macro", zero_division=0.0)


@pytest.mark.parametrize(("name", "plain"), [("map@10", plain_map), ("knn-f1", plain_f1)])
def test_the_percentile_interval_is_that_of_a_plain_loop(name, plain):
    outcome = random_outcome(13)
    counts = np.concatenate(list(resampled_counts(5, 13, 60))).astype(int)
    figures = [plain(outcome, np.repeat(np.arange(13), row)) for row in counts]
    expected = np.quantile(figures, [0.05, 0.95])
    found = interval(parse(name), outcome, kind="percentile", rng=5, resamples=60, level=0.9)
    assert found == pytest.approx(expected.tolist(), abs=1e-12)
    assert interval(parse(name), outcome, kind="percentile", rng=5, resamples=60, level=0.9) == found


@pytest.mark.parametrize(("name", "plain"), [("map@10", plain_map), ("knn-f1", plain_f1)])
def test_the_bca_interval_is_that_of_a_plain_loop(name, plain):
    outcome, everyone = random_outcome(13), np.arange(13)
    counts = np.concatenate(list(resampled_counts(5, 13, 120))).astype(int)
    figures = np.array([plain(outcome, np.repeat(everyone, row)) for row in counts])
    estimate = plain(outcome, everyone)
    below = np.mean([0.5 if abs(f - estimate) < 1e-12 else float(f < estimate) for f in figures])
    without = np.array([plain(outcome, np.delete(everyone, query)) for query in everyone])
    pulls = without.mean() - without
    bias, acceleration = norm.ppf(below), (pulls**3).sum() / (6 * (pulls**2).sum() ** 1.5)
    shares = [
        norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
        for z in (norm.ppf(0.05), norm.ppf(0.95))
    ]
    found = interval(parse(name), outcome, kind="bca", rng=5, resamples=120, level=0.9)
    assert found == pytest.approx(np.quantile(figures, shares).tolist(), abs=1e-9)


@pytest.mark.parametrize(("kind", "method"), [("bca", "BCa"), ("percentile", "percentile")])
@pytest.mark.parametrize("num_queries", [25, 300])
def test_the_interval_is_that_of_scipy(kind, method, num_queries):
    values = np.random.default_rng(1).beta(0.5, 3, size=num_queries)
    metric, outcome = outcome_of(values)
    theirs = scipy_bootstrap(
        (values,), np.mean, method=method, n_resamples=20_000, random_state=np.random.default_rng(2)
    )
    found = interval(metric, outcome, kind=kind, rng=3, resamples=20_000)
    # The end of an interval by 20,000 resamples has a deviation of sqrt(.025 * .975 / 20000) / density,
    # 0.019 standard errors, and BCa's bias adds as much: 0.1 are five deviations of a difference of two.
    assert found == pytest.approx(tuple(theirs.confidence_interval), abs=0.1 * theirs.standard_error)


def test_bca_of_a_figure_that_is_no_mean_is_that_of_scipy():
    values = np.random.default_rng(4).exponential(size=60)

    def deviation(weights):
        means = weights @ values / weights.sum(axis=1)
        return np.sqrt(weights @ values**2 / weights.sum(axis=1) - means**2)

    theirs = scipy_bootstrap(
        (values,), np.std, method="BCa", n_resamples=20_000, random_state=np.random.default_rng(2)
    )
    found = figure_interval(deviation, 60, kind="bca", rng=3, resamples=20_000)
    assert found == pytest.approx(tuple(theirs.confidence_interval), abs=0.15 * theirs.standard_error)
    # Far enough from the other kind to tell them apart.
    plain = figure_interval(deviation, 60, kind="percentile", rng=3, resamples=20_000)
    assert found[1] - plain[1] > 0.3 * theirs.standard_error


@pytest.mark.parametrize("kind", ["bca", "percentile"])
def test_a_mean_has_the_interval_that_any_figure_has(kind):
    metric, outcome = outcome_of(np.random.default_rng(0).beta(2, 1, size=200))
    whole = figure_interval(
        lambda weights: metric.figure(outcome, weights), 200, kind=kind, rng=7, resamples=3000, level=0.9
    )
    found = interval(metric, outcome, kind=kind, rng=7, resamples=3000, level=0.9)
    assert found == pytest.approx(whole, abs=1e-12)


def test_bca_moves_its_ends_as_efron_says():
    # 1,000 figures of which 600 lie below the estimate: z0 = 0.2533. Influences -1, -1, 2: squares 6,
    # cubes 6, so a = 6 / (6 * 6 ** 1.5) = 0.06804. At 80 % z = -+1.2816: the lower share is
    # Phi(.2533 + (.2533 - 1.2816) / (1 + .06804 * 1.0283)) = Phi(-.7077) = .2396,
    # the upper one Phi(.2533 + 1.5349 / (1 - .06804 * 1.5349)) = Phi(1.9672) = .9754.
    figures = np.arange(1000) / 999
    ends = bca_ends(figures, 599.5 / 999, np.array([-1.0, -1.0, 2.0]), 0.8)
    assert ends == pytest.approx((0.2396, 0.9754), abs=2e-4)


def test_ties_with_the_estimate_count_half():
    # Half of the ties on each side: no bias, and without skewness BCa is the percentile interval.
    figures = np.repeat([0.0, 0.5, 1.0], [100, 800, 100])
    assert bca_ends(figures, 0.5, np.array([-1.0, 1.0]), 0.9) == (0.0, 1.0)
    # One below and two ties: 2/3 below, z0 = .4307 and a = 0. At 50 % the lower share is
    # Phi(2 * .4307 - .6745) = .574, which lies between two figures of 0.3.
    assert bca_ends(np.array([0.2, 0.3, 0.3]), 0.3, np.array([-1.0, 1.0]), 0.5) == (0.3, 0.3)


@pytest.mark.parametrize(
    ("estimate", "pulls"),
    [
        (2.0, [-1.0, 1.0]),
        (-1.0, [-1.0, 1.0]),
        (0.5, [0.0, 0.0]),
        (0.5, [1e-16, -1e-16]),
        (0.5, [np.nan, 1.0]),
    ],
)
def test_bca_falls_back_to_percentile_where_it_is_not_defined(estimate, pulls):
    figures = np.arange(101) / 100
    assert bca_ends(figures, estimate, np.array(pulls), 0.9) == pytest.approx((0.05, 0.95))


def test_queries_that_a_mean_leaves_out_are_not_drawn():
    values = np.random.default_rng(0).random(40)
    gaps = np.full(100, np.nan)
    gaps[10:50] = values
    for kind in ("bca", "percentile"):
        alone = interval(*outcome_of(values), kind=kind, rng=1, resamples=300)
        assert interval(*outcome_of(gaps), kind=kind, rng=1, resamples=300) == alone


def test_each_line_has_the_interval_that_it_gets_alone():
    values = np.random.default_rng(0).random((4, 50))
    values[1, :5] = values[3, 20:] = np.nan
    together = mean_intervals(values, kind="bca", rng=2, resamples=300)
    for line, ends in zip(values, together, strict=True):
        np.testing.assert_allclose(mean_intervals(line[None], kind="bca", rng=2, resamples=300)[0], ends)


def test_a_figure_that_no_resample_defines_is_refused():
    with pytest.raises(ValueError, match="not defined for these queries"):
        figure_interval(lambda weights: np.full(len(weights), np.nan), 5, kind="bca", rng=0)
    with pytest.raises(ValueError, match="at least one query in each line"):
        interval(*outcome_of([np.nan, np.nan]), rng=0)


def test_resamples_without_a_figure_are_left_out():
    # Defined only where query 0 is drawn, and then 1.
    ends = figure_interval(
        lambda weights: np.where(weights[:, 0] > 0, 1.0, np.nan), 3, kind="percentile", rng=0, resamples=50
    )
    assert ends == (1.0, 1.0)


def test_influences_of_a_mean_are_its_deviations():
    values = np.array([1.0, 2.0, 6.0])
    # Without each: 4, 3.5 and 1.5, their mean 3; so -1, -0.5 and 1.5: (value - 3) / 2.
    found = influences(lambda weights: weights @ values / weights.sum(axis=1), 3)
    np.testing.assert_allclose(found, [-1.0, -0.5, 1.5])


def test_many_queries_are_left_out_in_a_thousand_groups():
    values = np.random.default_rng(0).exponential(size=20_500)
    pulls = influences(lambda weights: weights @ values / weights.sum(axis=1), values.size)
    assert pulls.shape == (1000,)
    acceleration = (pulls**3).sum() / (pulls**2).sum() ** 1.5
    # The skewness of an exponential is 2; the root of the number of queries divides it. Of 1,000 groups
    # it has a deviation of sqrt(6 / 1000) = 0.077 against 2 / sqrt(20.5) = 0.44.
    assert acceleration * math.sqrt(1000) == pytest.approx(2 / math.sqrt(20.5), abs=0.16)


def test_an_interval_without_spread_has_no_width():
    for kind in ("bca", "percentile"):
        low, high = interval(*outcome_of(np.full(91, 0.1)), kind=kind, rng=0, resamples=50)
        assert low == high == pytest.approx(0.1, abs=1e-15)


def test_a_share_has_the_interval_that_statistics_gives():
    # 400 of 1,000: the share has a standard deviation of sqrt(0.4 * 0.6 / 1000) = 0.01549,
    # so 95 % lie within 0.4 -+ 1.96 * 0.01549 = 0.3696 .. 0.4304. A resampled share moves in steps of 0.001.
    for kind in ("bca", "percentile"):
        low, high = interval(parse("recall@1"), coin_outcome(400, 1000), kind=kind, rng=0)
        assert low == pytest.approx(0.3696, abs=0.002)
        assert high == pytest.approx(0.4304, abs=0.002)


def test_a_lower_level_is_a_narrower_interval():
    # 80 %: 0.4 -+ 1.2816 * 0.01549 = 0.3801 .. 0.4199.
    low, high = interval(parse("recall@1"), coin_outcome(400, 1000), kind="percentile", rng=0, level=0.8)
    assert low == pytest.approx(0.3801, abs=0.0015)
    assert high == pytest.approx(0.4199, abs=0.0015)


@pytest.mark.parametrize("kind", ["bca", "percentile"])
@pytest.mark.parametrize("name", ["map@10", "knn-f1"])
def test_one_query_gives_an_interval_without_width(kind, name):
    outcome = random_outcome(1, seed=2)
    value = parse(name).figure(outcome, np.ones((1, 1)))[0]
    assert interval(parse(name), outcome, kind=kind, rng=0, resamples=50) == (value, value)


def test_a_seed_repeats_and_a_generator_moves_on():
    outcome = random_outcome(30)
    for name in ("map@10", "knn-f1"):
        rng = np.random.default_rng(4)
        first, second = (interval(parse(name), outcome, rng=rng, resamples=50) for _ in range(2))
        assert interval(parse(name), outcome, rng=np.random.default_rng(4), resamples=50) == first
        assert first != second


@pytest.mark.parametrize("name", ["map@10", "knn-f1"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resamples": 0}, "resamples must be 1 or more, got 0"),
        ({"level": 0.0}, r"level must be between 0 and 1, got 0\.0"),
        ({"level": 95}, "level must be between 0 and 1, got 95"),
    ],
)
def test_options_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        interval(parse(name), random_outcome(2), rng=0, **options)


def test_interval_of_a_mean_is_as_wide_as_theory_says():
    values = np.random.default_rng(3).random((2, 50))
    low, high = mean_intervals(values, kind="percentile", rng=7, resamples=2000)[1]
    assert low < values[1].mean() < high
    # The mean of n numbers has a deviation of theirs / sqrt(n), and 95 % lie within 1.96 of it.
    assert high - low == pytest.approx(2 * 1.96 * values[1].std() / np.sqrt(50), rel=0.1)


def test_interval_of_a_difference_is_paired():
    values = np.random.default_rng(0).random(40)
    intervals = mean_intervals(
        np.stack([values, values + 0.1, np.full(40, 0.1)]), kind="percentile", rng=0, resamples=200
    )
    # Every query gains as much: the difference has no width, and both ends of the others differ by it.
    np.testing.assert_allclose(intervals[1] - intervals[0], 0.1)
    np.testing.assert_allclose(intervals[2], 0.1)


def test_intervals_of_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one query"):
        mean_intervals(np.zeros((3, 0)), kind="percentile", rng=0)
