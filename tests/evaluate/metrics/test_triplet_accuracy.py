"""triplet-accuracy from ranked lists: pairs of a correct and a wrong image."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.metrics.triplet_accuracy import build
from evaluate.outcome import Outcome
from evaluate.truth import Truth


def outcome_of(num_relevant, num_images, ranking):
    truth = Truth(
        ("q",), (np.arange(num_relevant),), (np.empty(0, dtype=np.int64),), ("",), num_images=num_images
    )
    return Outcome.from_rows(truth, np.array([ranking], dtype=np.int64))


def plain(num_relevant, num_images, ranking):
    rank = {row: place for place, row in reversed(list(enumerate(ranking)))}
    pairs = [(right, wrong) for right in range(num_relevant) for wrong in range(num_relevant, num_images)]
    behind = len(ranking)
    in_order = sum(right in rank and rank[right] < rank.get(wrong, behind) for right, wrong in pairs)
    return in_order / len(pairs)


@pytest.mark.parametrize(
    ("num_relevant", "num_images", "ranking", "expected"),
    [
        # Right, wrong, right of 2 correct and 2 wrong: 2 + 1 of 4 pairs.
        (2, 4, [0, 2, 1, 3], 3 / 4),
        # The second wrong one is not ranked: still behind.
        (2, 4, [0, 2, 1], 3 / 4),
        # The second correct one is not: behind the ranked wrong one, undecided with the other.
        (2, 4, [0, 2], 2 / 4),
        (2, 4, [], 0.0),
        (2, 4, [-1, -1], 0.0),
        # The repeat earns nothing and counts as a wrong one: 2 + 1 of 4.
        (2, 4, [0, 0, 1], 3 / 4),
        # More repeats than wrong images: nothing is less than nothing.
        (2, 3, [0, 0, 0, 1], 1 / 2),
    ],
)
def test_pairs_by_hand(num_relevant, num_images, ranking, expected):
    assert build(None).per_query(outcome_of(num_relevant, num_images, ranking)).tolist() == [expected]


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_it_is_that_of_a_plain_loop(num_relevant, num_wrong, data):
    num_images = num_relevant + num_wrong
    ranking = data.draw(st.permutations(range(num_images)))[: data.draw(st.integers(0, num_images))]
    score = build(None).per_query(outcome_of(num_relevant, num_images, ranking))[0]
    assert score == pytest.approx(plain(num_relevant, num_images, ranking), abs=1e-12)


def test_a_query_without_pairs_is_left_out():
    outcome = Outcome(
        np.array([[True, False], [True, False], [False, False]]),
        np.array([1, 2, 0]),
        np.array([2, 2, 2]),
        num_irrelevant=np.array([2, 0, 3]),
    )
    np.testing.assert_array_equal(build(None).per_query(outcome), [1.0, np.nan, np.nan])
    assert build(None).figure(outcome, np.ones((1, 3))).tolist() == [1.0]


def test_the_number_of_wrong_images_is_needed():
    outcome = dataclasses.replace(outcome_of(1, 2, [0]), num_irrelevant=None)
    with pytest.raises(EvaluationError, match="^triplet-accuracy needs the number of wrong images: give the"):
        build(None).per_query(outcome)
