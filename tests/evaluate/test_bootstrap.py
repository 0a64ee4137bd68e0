"""The bootstrap interval against a plain loop and against what statistics says it must be."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from evaluate import bootstrap
from evaluate.bootstrap import mean_intervals, percentile_interval
from evaluate.labels import Labels
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
def test_the_interval_is_that_of_a_plain_loop(name, plain):
    outcome, rng = random_outcome(13), np.random.default_rng(5)
    figures = [plain(outcome, rng.integers(13, size=13)) for _ in range(60)]
    expected = np.quantile(figures, [0.05, 0.95])
    interval = percentile_interval(parse(name), outcome, rng=5, resamples=60, level=0.9)
    assert interval == pytest.approx(expected.tolist(), abs=1e-12)


def test_chunks_do_not_change_the_interval(monkeypatch):
    whole = percentile_interval(parse("map@10"), random_outcome(30), rng=1, resamples=500)
    # 100 counts at once are three resamples of 30 queries: 167 chunks, the last one short.
    monkeypatch.setattr(bootstrap, "_MAX_COUNTS", 100)
    assert percentile_interval(parse("map@10"), random_outcome(30), rng=1, resamples=500) == whole


def test_chunks_bound_the_memory(monkeypatch):
    sizes = []

    class Spy:
        name = "spy"

        def figure(self, outcome, weights):
            sizes.append(weights.size)
            return np.zeros(len(weights))

    monkeypatch.setattr(bootstrap, "_MAX_COUNTS", 1000)
    percentile_interval(Spy(), coin_outcome(50, 100), rng=0, resamples=999)
    assert max(sizes) <= 1000
    assert sum(sizes) == 999 * 100


def test_a_share_has_the_interval_that_statistics_gives():
    # 400 of 1,000: the share has a standard deviation of sqrt(0.4 * 0.6 / 1000) = 0.01549,
    # so 95 % lie within 0.4 -+ 1.96 * 0.01549 = 0.3696 .. 0.4304. A resampled share moves in steps of 0.001.
    low, high = percentile_interval(parse("recall@1"), coin_outcome(400, 1000), rng=0)
    assert low == pytest.approx(0.3696, abs=0.0015)
    assert high == pytest.approx(0.4304, abs=0.0015)


def test_a_lower_level_is_a_narrower_interval():
    # 80 %: 0.4 -+ 1.2816 * 0.01549 = 0.3801 .. 0.4199.
    low, high = percentile_interval(parse("recall@1"), coin_outcome(400, 1000), rng=0, level=0.8)
    assert low == pytest.approx(0.3801, abs=0.0015)
    assert high == pytest.approx(0.4199, abs=0.0015)


def test_one_query_gives_an_interval_without_width():
    outcome = random_outcome(1, seed=2)
    value = parse("map@10").per_query(outcome)[0]
    assert 0 < value < 1
    assert percentile_interval(parse("map@10"), outcome, rng=0, resamples=50) == (value, value)


def test_a_seed_repeats_and_a_generator_moves_on():
    outcome, rng = random_outcome(30), np.random.default_rng(4)
    first, second = (percentile_interval(parse("map@10"), outcome, rng=rng, resamples=50) for _ in range(2))
    assert percentile_interval(parse("map@10"), outcome, rng=4, resamples=50) == first
    assert first != second


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resamples": 0}, "resamples must be 1 or more, got 0"),
        ({"level": 0.0}, r"level must be between 0 and 1, got 0\.0"),
        ({"level": 95}, "level must be between 0 and 1, got 95"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        percentile_interval(parse("map@10"), coin_outcome(1, 2), rng=0, **options)


def test_interval_of_a_mean_is_as_wide_as_theory_says():
    values = np.random.default_rng(3).random((2, 50))
    low, high = mean_intervals(values, rng=7, resamples=2000)[1]
    assert low < values[1].mean() < high
    # The mean of n numbers has a deviation of theirs / sqrt(n), and 95 % lie within 1.96 of it.
    assert high - low == pytest.approx(2 * 1.96 * values[1].std() / np.sqrt(50), rel=0.1)


def test_interval_of_a_difference_is_paired():
    values = np.random.default_rng(0).random(40)
    intervals = mean_intervals(np.stack([values, values + 0.1, np.full(40, 0.1)]), rng=0, resamples=200)
    # Every query gains as much: the difference has no width, and both ends of the others differ by it.
    np.testing.assert_allclose(intervals[1] - intervals[0], 0.1)
    np.testing.assert_allclose(intervals[2], 0.1)


def test_intervals_of_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one query"):
        mean_intervals(np.zeros((3, 0)), rng=0)
