"""The one-standard-error rule, held-back figures and the Pareto front, by hand."""

import numpy as np

from retrieval.tuning.choice import Option, choose, held_out, pareto
from retrieval.tuning.steps import Candidate
from retrieval.tuning.sweep import Setting, Swept


def option(values, milliseconds=1.0, size=1.0):
    table = np.atleast_2d(np.asarray(values, float))
    swept = Swept(Candidate(()), 10, (Setting(),) * len(table), (), table, (), np.zeros((0, table.shape[1])))
    return Option(swept, milliseconds, size)


EVERYONE = np.ones(4, bool)


def test_best_is_taken_where_it_is_surely_better():
    # Better by .5 at every query: the error of the difference is 0.
    assert choose([option([0.1, 0.2, 0.3, 0.4]), option([0.6, 0.7, 0.8, 0.9], 50.0)], 0, EVERYONE) == 1


def test_faster_is_taken_within_one_standard_error():
    # Differences .4, -.2, .3, -.1: mean .1, deviation .2550, error .1275.
    fast, slow = [0.5, 0.5, 0.5, 0.5], [0.9, 0.3, 0.8, 0.4]
    assert choose([option(fast, 1.0), option(slow, 9.0)], 0, EVERYONE) == 0
    # A mean of .2 is more than the error.
    assert choose([option(fast, 1.0), option(np.array(slow) + 0.1, 9.0)], 0, EVERYONE) == 1


def test_of_equal_speed_the_smaller_then_the_better_is_taken():
    # All times are within a factor of 1.5.
    options = [option([0.5, 0.6, 0.5, 0.6], 1.2, 9.0), option([0.5, 0.5, 0.55, 0.6], 1.4, 2.0)]
    assert choose(options, 0, EVERYONE) == 1
    assert choose([*options, option([0.5, 0.6, 0.5, 0.6], 1.0, 2.0)], 0, EVERYONE) == 2


def test_each_query_is_judged_by_what_was_chosen_without_its_fold():
    folds = np.array([0, 0, 1, 1])
    # Line f holds the values of the setting that was best without fold f.
    first = option([[0.1, 0.2, 0.9, 0.9], [0.8, 0.8, 0.3, 0.4], [1, 1, 1, 1]])
    second = option([[0.5, 0.6, 0.1, 0.1], [0.1, 0.1, 0.7, 0.8], [0, 0, 0, 0]])
    # Without fold 0 the first is best on queries 2, 3 (.9), without fold 1 on queries 0, 1 (.8).
    assert held_out([first, second], folds).tolist() == [0.1, 0.2, 0.3, 0.4]


def test_pareto_front_holds_what_nothing_faster_equals():
    assert pareto([1, 5, 3, 10, 3], [0.5, 0.7, 0.6, 0.7, 0.4]) == [0, 2, 1]
