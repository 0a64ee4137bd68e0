"""triplet-accuracy from ranked lists: pairs of a correct and a wrong image."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.metrics.triplet_accuracy import build
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Irrelevant
from evaluate.rankings import Rankings
from evaluate.truth import Truth
from evaluate.truth_arrays import from_labels


def outcome_of(num_relevant, num_images, ranking, ignored=()):
    """Judge one ranking of `num_images` rows, of which the first are relevant."""
    truth = Truth(
        ("q",),
        (np.arange(num_relevant),),
        (np.array(ignored, dtype=np.int64),),
        ("",),
        num_images=num_images,
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
        # Repeats of a correct image are in no pair: 2 + 2 of 4, and 1 + 1 of 2.
        (2, 4, [0, 0, 1], 1.0),
        (2, 3, [0, 0, 0, 1], 1.0),
        # A wrong image stands above only once: 1 + 1 of 4.
        (2, 4, [2, 2, 2, 0, 1], 2 / 4),
    ],
)
def test_pairs_by_hand(num_relevant, num_images, ranking, expected):
    assert build(None).per_query(outcome_of(num_relevant, num_images, ranking)).tolist() == [expected]


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_it_is_that_of_a_plain_loop(num_relevant, num_wrong, data):
    num_images = num_relevant + num_wrong
    # With repeats and padding, and rows at the end that the truth ignores.
    ignored = range(num_images, num_images + data.draw(st.integers(0, 2)))
    ranking = data.draw(st.lists(st.integers(-1, num_images + len(ignored) - 1), max_size=15))
    outcome = outcome_of(num_relevant, num_images + len(ignored), ranking, ignored)
    score = build(None).per_query(outcome)[0]
    assert score == pytest.approx(plain(num_relevant, num_images, ranking), abs=1e-12)


def test_ignored_images_are_in_no_pair():
    # Row 3 of 4 is ignored: one wrong image is left, and it is behind both correct ones.
    assert build(None).per_query(outcome_of(2, 4, [3, 0, 1, 2], ignored=[3])).tolist() == [1.0]


@pytest.mark.parametrize(("own_rank", "repeats"), [(0, 1), (2, 1), (0, 3)])
def test_a_perfect_ranking_of_all_against_all_scores_one(own_rank, repeats):
    # Three images a class, each asked about all, itself among the answers.
    labels = ["tower"] * 3 + ["bridge"] * 3
    ids = [f"i{place}" for place in range(6)]
    known = from_labels(ids, labels, ids, labels)
    ranked = []
    for query, label in zip(ids, labels, strict=True):
        others = [name for name in ids if name != query]
        best = sorted(others, key=lambda name: labels[ids.index(name)] != label)
        ranked.append([*best[:own_rank], *[query] * repeats, *best[own_rank:]])
    outcome = known.hold(Rankings.from_ids(ids, ranked)).outcome
    assert build(None).per_query(outcome).tolist() == [1.0] * 6


def test_a_query_without_pairs_is_left_out():
    outcome = Outcome(
        np.array([[True, False], [True, False], [False, False]]),
        np.array([1, 2, 0]),
        np.array([2, 2, 2]),
        irrelevant=Irrelevant(np.array([[False, True], [False, False], [True, True]]), np.array([2, 0, 3])),
    )
    np.testing.assert_array_equal(build(None).per_query(outcome), [1.0, np.nan, np.nan])
    assert build(None).figure(outcome, np.ones((1, 3))).tolist() == [1.0]


def test_the_number_of_wrong_images_is_needed():
    outcome = dataclasses.replace(outcome_of(1, 2, [0]), irrelevant=None)
    with pytest.raises(EvaluationError, match="^triplet-accuracy needs the number of wrong images; list all"):
        build(None).per_query(outcome)
