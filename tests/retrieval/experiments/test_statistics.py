"""Figures over seeds and queries, and the study's pairs: hand-worked means, spread, and verdicts."""

import dataclasses

import numpy as np
import pytest

from evaluate import metrics
from evaluate.bootstrap import interval
from evaluate.outcome import Outcome
from retrieval.experiments import _statistics
from retrieval.experiments._kept import Measured, Points
from retrieval.experiments._study import Arm, Measure, Study

POINTS = Points(np.zeros((1, 1), np.float32), ("a",))
ARMS = (Arm("good", {"accuracy": (0.9,)}, {}), Arm("bad", {"accuracy": (0.5,)}, {}))
STUDY = Study("t", "s", "q", "d", (Measure("accuracy", "hit@1"),), ARMS, ARMS)


def measured(right, random_start=False):
    hits = np.asarray(right, bool)[:, None]
    ones = np.ones(len(hits), np.int64)
    return Measured({"accuracy": Outcome(hits, ones, ones)}, POINTS, random_start)


def drawn(share, seed, count=200):
    return measured(np.random.default_rng(seed).random(count) < share)


def judge(good, bad):
    return _statistics.judge(STUDY, False, {"good": good, "bad": bad}, resamples=2000)[0]


def test_value_is_the_mean_over_seeds_and_spread_their_deviation():
    # 3 of 4 and 1 of 4 right: mean 1/2, standard deviation sqrt(2 * (1/4)^2 / 1).
    seeds = [measured([1, 1, 1, 0]), measured([1, 0, 0, 0])]
    figure = judge(seeds, seeds).arms[0]
    assert figure.value == pytest.approx(0.5)
    assert figure.by_seed == (0.75, 0.25)
    assert figure.spread == pytest.approx(np.sqrt(2 / 16))


def test_interval_of_one_seed_is_that_of_the_queries_alone():
    run = drawn(0.7, 0)
    figure = judge([run], [run]).arms[0]
    expected = interval(
        metrics.parse("hit@1"), run.outcomes["accuracy"], kind="percentile", rng=0, resamples=2000
    )
    assert (figure.low, figure.high) == pytest.approx(expected, abs=0.005)
    assert figure.spread is None


def test_of_queries_that_are_all_alike_the_seeds_make_the_interval():
    # Figures 0, 1/2 and 1: mean 1/2, standard error 1/2 / sqrt(3); t of two degrees of freedom is 4.303.
    found = _statistics._estimate(np.array([0.0, 0.5, 1.0]), np.full(9, 0.5), num_queries=50)
    assert (found.value, found.high) == pytest.approx((0.5, 0.5 + 4.303 * 0.5 / np.sqrt(3)), abs=1e-3)
    # t = sqrt(3), whose tail at two degrees of freedom is 1/2 - sqrt(3 / (3 + 2)) / 2.
    assert found.p == pytest.approx(1 - np.sqrt(3 / 5))
    runs = [measured([0] * 5), measured([1] * 5)]
    assert (judge(runs, runs).arms[0].low, judge(runs, runs).arms[0].high) == (0, 1)


def test_three_seeds_that_agree_by_chance_settle_nothing():
    # Queries say the same of each seed; drawn again, three seeds of one sign would never give the other.
    found = _statistics._estimate(np.array([0.01, 0.03, 0.08]), np.full(9, 0.04), num_queries=50)
    assert found.p > 0.1
    assert found.low < 0


def test_order_holds_turns_or_stays_open():
    better, worse = [drawn(0.9, seed) for seed in range(3)], [drawn(0.5, seed + 9) for seed in range(3)]
    assert judge(better, worse).pairs[0].verdict == "holds"
    assert judge(worse, better).pairs[0].verdict == "is reversed"
    same = judge(better, better).pairs[0]
    assert same.verdict == "cannot be told apart"
    assert same.value == same.low == same.high == 0
    assert same.p_holm == 1


def test_seeds_that_contradict_each_other_leave_the_order_open():
    # One seed wins by far and one loses by far, on queries enough for either alone.
    first = [drawn(0.9, 0), drawn(0.3, 1)]
    second = [drawn(0.3, 2), drawn(0.8, 3)]
    assert judge(first, second).pairs[0].verdict == "cannot be told apart"


def test_nothing_follows_from_random_initialisation():
    better = [dataclasses.replace(drawn(0.9, 0), random_start=True)]
    judged = judge(better, [drawn(0.5, 9)])
    assert judged.pairs == ()
    assert judged.arms[0].random_start
