"""Two systems on the same queries: intervals against a plain loop, p-values against scipy and by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import permutation_test

from evaluate.bootstrap import resampled_counts
from evaluate.labels import Labels
from evaluate.metric import MeanMetric
from evaluate.metrics import parse
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Confidences
from evaluate.paired import difference_interval, differences, permutation_p_value

# The values of a query are in the ranks of its first hit, so that one metric reads both outcomes.
LEVELS = 20
METRIC = MeanMetric("made-up", lambda outcome: _values(outcome), None)


def _values(outcome):
    values = outcome.hits.argmax(axis=1) / LEVELS
    return np.where(outcome.num_answers > 0, values, np.nan)


def outcome_of(twentieths):
    """Make an outcome whose queries score so many twentieths by METRIC, None for no value."""
    hits = np.zeros((len(twentieths), LEVELS + 1), dtype=bool)
    for query, value in enumerate(twentieths):
        if value is not None:
            hits[query, value] = True
    answers = np.where(hits.any(axis=1), LEVELS + 1, 0)
    return Outcome(hits, np.ones(len(twentieths), dtype=np.int64), answers)


def labelled_outcome(num_queries, seed):
    rng = np.random.default_rng(seed)
    hits = rng.random((num_queries, 6)) < 0.3
    queries = np.arange(num_queries) % 3
    labels = Labels(("a", "b", "c"), queries, rng.integers(-1, 3, size=(num_queries, 6)))
    confidences = Confidences(rng.integers(0, 4, num_queries) / 4, np.arange(num_queries))
    return Outcome(hits, np.full(num_queries, 6), np.full(num_queries, 6), labels, confidences=confidences)


def scipy_p_value(first, second):
    # Twentieths: sums of integers are exact, and scipy's tolerance for ties does not reach about a sum of 0.
    return permutation_test(
        (np.asarray(first), np.asarray(second)),
        lambda one, other, axis: (one - other).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    ).pvalue


def with_confidences(outcome, values):
    order = outcome.confidences.tie_order
    return replace(outcome, confidences=Confidences(np.array(values, dtype=np.float64), order))


def placed(outcome):
    """Put the place of each answer, from the least sure, where its confidence was."""
    values, order = outcome.confidences.values.tolist(), outcome.confidences.tie_order.tolist()
    rising = sorted(range(len(values)), key=lambda query: (values[query], -order[query]))
    return with_confidences(outcome, [rising.index(query) for query in range(len(values))])


def plain_p_value(metric, first, second):
    """Swap in every way, with outcomes that hold the swapped answers themselves."""
    first, second = placed(first), placed(second)

    def figure(swaps, one, other):
        both = one.joined(other)
        weights = np.concatenate([1 - swaps, swaps])[None].astype(np.float64)
        kept = both.select(weights[0] > 0)
        return metric.figure(kept, np.ones((1, kept.num_queries)))[0]

    found = [
        figure(np.array(swaps), first, second) - figure(np.array(swaps), second, first)
        for swaps in itertools.product([0, 1], repeat=first.num_queries)
    ]
    return np.mean(np.abs(found) >= abs(found[0]) - 1e-12)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, LEVELS), st.integers(0, LEVELS)), min_size=2, max_size=6))
def test_the_exact_p_value_is_that_of_scipy(pairs):
    first, second = zip(*pairs, strict=True)
    found = permutation_p_value(METRIC, outcome_of(first), outcome_of(second), rng=0)
    assert found == pytest.approx(scipy_p_value(first, second), abs=1e-12)


def test_the_p_value_of_three_gains_by_hand():
    # Gains of 1, 2 and 3 twentieths: of the 8 ways to give them signs only +++ and --- reach 6.
    assert permutation_p_value(METRIC, outcome_of([1, 2, 3]), outcome_of([0, 0, 0]), rng=0) == 2 / 8
    # 1, 2, 3 with the 1 lost: |sum| is 4; so are +++ 6, ++- 0, +-+ 2, -++ 4 and their opposites: 4 of 8.
    assert permutation_p_value(METRIC, outcome_of([0, 2, 3]), outcome_of([1, 0, 0]), rng=0) == 4 / 8


def test_drawn_p_values_come_near_the_exact_one():
    # Twelve queries that all differ: 4,096 ways to swap.
    first, second = (
        [12, 19, 8, 11, 17, 9, 15, 13, 7, 16, 14, 10],
        [10, 11, 9, 7, 12, 13, 9, 14, 6, 10, 11, 13],
    )
    exact = permutation_p_value(METRIC, outcome_of(first), outcome_of(second), rng=0)
    drawn = permutation_p_value(METRIC, outcome_of(first), outcome_of(second), rng=0, permutations=2000)
    assert 0.01 < exact < 0.5
    # Of 2,000 draws the share has a deviation of at most 0.012.
    assert drawn == pytest.approx(exact, abs=0.012)
    # One more than the draws: 1 of them is the observed one.
    assert drawn * 2001 == pytest.approx(round(drawn * 2001), abs=1e-9)


def test_a_drawn_p_value_is_never_zero():
    better = outcome_of([LEVELS] * 60)
    assert permutation_p_value(METRIC, better, outcome_of([0] * 60), rng=0, permutations=99) == 1 / 100


@pytest.mark.parametrize("num_queries", [5, 40])
@pytest.mark.parametrize("name", ["map@3", "knn-f1", "gap"])
def test_a_system_against_itself_shows_no_difference(name, num_queries):
    outcome = labelled_outcome(num_queries, 0)
    assert permutation_p_value(parse(name), outcome, outcome, rng=0, permutations=200) == 1.0
    assert difference_interval(parse(name), outcome, outcome, rng=0, resamples=100) == (0.0, 0.0)


@pytest.mark.parametrize("name", ["map@3", "knn-f1", "gap"])
def test_the_exact_p_value_is_that_of_swapped_answers(name):
    for seed in range(0, 8, 2):
        first, second = labelled_outcome(6, seed), labelled_outcome(6, seed + 1)
        expected = plain_p_value(parse(name), first, second)
        assert permutation_p_value(parse(name), first, second, rng=0) == pytest.approx(expected, abs=1e-12)
        assert permutation_p_value(parse(name), second, first, rng=0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("num_queries", [6, 40])
@pytest.mark.parametrize(
    "rescaled", [lambda sure: 1000 * sure - 7, np.exp, lambda sure: sure**3 / 8], ids=["line", "exp", "cube"]
)
def test_the_scale_of_confidences_changes_no_p_value(num_queries, rescaled):
    # Six queries are swapped in every way, forty by drawing; ties stay ties.
    gap = parse("gap")
    for seed in range(0, 8, 2):
        first, second = labelled_outcome(num_queries, seed), labelled_outcome(num_queries, seed + 1)
        other = with_confidences(first, rescaled(first.confidences.values))
        found, same = (
            [
                permutation_p_value(gap, *pair, rng=0, permutations=300)
                for pair in ((one, second), (second, one))
            ]
            for one in (first, other)
        )
        assert same == found
        assert 0.0 < found[0] <= 1.0


def test_places_of_confidences_by_hand():
    # Rising: no answer; .5 of the later id; .5 of the earlier one; .9.
    given = Confidences(np.array([0.5, -np.inf, 0.5, 0.9]), np.array([1, 3, 0, 2]))
    placed_ones = given.as_places()
    assert placed_ones.values.tolist() == [1.0, -np.inf, 2.0, 3.0]
    assert placed_ones.tie_order.tolist() == [1, 3, 0, 2]


def test_queries_alike_in_both_make_counting_no_dearer():
    # Two queries differ, 98 do not: 4 ways, of which 2 reach the sum.
    first, second = outcome_of([3, 4] + [5] * 98), outcome_of([1, 1] + [5] * 98)
    assert permutation_p_value(METRIC, first, second, rng=0, permutations=10) == 2 / 4


@pytest.mark.parametrize("name", ["map@3", "knn-f1", "gap"])
@pytest.mark.parametrize("kind", ["percentile", "bca"])
def test_the_interval_of_a_difference_meets_the_same_resamples(name, kind):
    first, second = labelled_outcome(30, 1), labelled_outcome(30, 2)
    metric = parse(name)
    found = difference_interval(metric, first, second, kind=kind, rng=3, resamples=200)
    opposite = difference_interval(metric, second, first, kind=kind, rng=3, resamples=200)
    assert found == pytest.approx((-opposite[1], -opposite[0]), abs=1e-12)
    if kind == "percentile":
        counts = np.concatenate(list(resampled_counts(3, 30, 200)))
        figures = metric.figure(first, counts) - metric.figure(second, counts)
        assert found == pytest.approx(np.quantile(figures, [0.025, 0.975]).tolist(), abs=1e-12)


def test_the_interval_of_a_difference_is_that_of_scipy():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, LEVELS + 1, 80), rng.integers(0, LEVELS // 2, 80)
    theirs = scipy_bootstrap(
        ((first - second) / LEVELS,), np.mean, n_resamples=20_000, random_state=np.random.default_rng(1)
    )
    found = difference_interval(METRIC, outcome_of(first), outcome_of(second), rng=2, resamples=20_000)
    # Monte Carlo error of both, as for one system's interval.
    assert found == pytest.approx(tuple(theirs.confidence_interval), abs=0.1 * theirs.standard_error)


def test_a_query_without_a_value_in_either_is_left_out_of_both():
    first, second = outcome_of([4, None, 8, 6]), outcome_of([1, 5, None, 7])
    np.testing.assert_allclose(differences(METRIC, first, second), [3 / LEVELS, -1 / LEVELS])
    # 3 and -1: |sum| 2, and of ++, +-, -+, -- all reach it.
    assert permutation_p_value(METRIC, first, second, rng=0) == 1.0
    pair = difference_interval(METRIC, outcome_of([4, 6]), outcome_of([1, 7]), rng=0, resamples=50)
    assert difference_interval(METRIC, first, second, rng=0, resamples=50) == pair


def test_outcomes_of_other_queries_are_refused():
    for compare in (differences, permutation_p_value, difference_interval):
        options = {} if compare is differences else {"rng": 0}
        for metric in (METRIC, parse("knn-f1")):
            if metric is METRIC or options:
                with pytest.raises(ValueError, match="of the same queries"):
                    compare(metric, labelled_outcome(3, 0), labelled_outcome(4, 0), **options)
    with pytest.raises(ValueError, match="no query has a value of made-up in both"):
        differences(METRIC, outcome_of([1, None]), outcome_of([None, 2]))
    with pytest.raises(ValueError, match="permutations must be 1 or more, got 0"):
        permutation_p_value(METRIC, outcome_of([1, 2]), outcome_of([2, 4]), rng=0, permutations=0)


def test_queries_with_other_ids_are_refused():
    count = np.ones(2, dtype=np.int64)
    one, other = (
        Outcome(np.ones((2, 1), bool), count, count, query_ids=ids) for ids in (("a", "b"), ("b", "a"))
    )
    with pytest.raises(ValueError, match="in the same order"):
        permutation_p_value(parse("map@1"), one, other, rng=0)
