"""map@K against numbers worked by hand and against a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.metrics.map_at_k import build
from evaluate.outcome import Outcome
from evaluate.truth import Truth


def score(k, relevant, ranking):
    """Average precision of one query; rows stand for images."""
    truth = Truth(("q",), (np.array(sorted(relevant)),), (np.empty(0, dtype=np.int64),), ("",))
    outcome = Outcome.from_rows(truth, np.array([ranking], dtype=np.int64))
    return build(k).per_query(outcome)[0]


def plain_average_precision(k, relevant, ranking):
    """Follow the definition word by word."""
    left, found, total = set(relevant), 0, 0.0
    for rank, row in enumerate(ranking[:k], start=1):
        if row in left:
            left.remove(row)
            found += 1
            total += found / rank
    return total / min(len(relevant), k)


# Rows 0 to 9 are relevant where a number of them is given; 50 and above are wrong.
@pytest.mark.parametrize(
    ("k", "num_relevant", "ranking", "expected"),
    [
        # Correct at ranks 1 and 3 of m = 2: (1/1 + 2/3) / 2. The trapezoid AP would be 0.792.
        (100, 2, [0, 50, 1, 51], 5 / 6),
        (100, 2, [0, 1], 1.0),
        # One of four is found, at rank 2: (1/2) / 4.
        (100, 4, [50, 0, 51], 1 / 8),
        # More correct than k: m = 5, k = 2, both ranks correct: (1 + 1) / min(5, 2).
        (2, 5, [3, 1, 0], 1.0),
        # ... and one of the two: (1/2) / 2.
        (2, 5, [50, 1, 0], 1 / 4),
        # Cut at k = 3: the image at rank 4 does not count. 1/1 / min(2, 3).
        (3, 2, [0, 50, 51, 1], 1 / 2),
        # The repeat at rank 2 earns nothing and takes the rank: (1/1 + 2/3) / 2.
        (100, 2, [0, 0, 1], 5 / 6),
        # A ranking shorter than k, and padding: (1/1) / 2.
        (100, 2, [0], 1 / 2),
        (100, 2, [0, -1, -1], 1 / 2),
        # No answer at all: 0, and still a query.
        (100, 2, [-1, -1, -1], 0.0),
        (100, 2, [], 0.0),
        # k = 1.
        (1, 2, [1, 50], 1.0),
        (1, 2, [50, 1], 0.0),
    ],
)
def test_average_precision_by_hand(k, num_relevant, ranking, expected):
    assert score(k, range(num_relevant), ranking) == pytest.approx(expected, abs=1e-12)


def test_the_query_itself_earns_nothing_and_takes_its_rank():
    # "q" is row 0 of the database. Ranked: itself, then its only other image: (1/2) / 1.
    truth = Truth.from_labels(["q"], ["a"], [0, 1], ["q", "x"], ["a", "a"])
    outcome = Outcome.from_rows(truth, np.array([[0, 1]]))
    assert build(100).per_query(outcome).tolist() == [0.5]


def test_the_figure_is_the_mean_over_all_queries():
    # APs are 1, 1/2 and, for the query without an answer, 0.
    truth = Truth(("a", "b", "c"), (np.array([0]),) * 3, (np.empty(0, dtype=np.int64),) * 3, ("", "", ""))
    outcome = Outcome.from_rows(truth, np.array([[0, 9], [9, 0], [-1, -1]]))
    assert build(10).figure(outcome, np.ones((1, 3))).tolist() == [0.5]
    # Counted 0, 2 and 2 times: (0 + 2 * 1/2 + 0) / 4.
    assert build(10).figure(outcome, np.array([[0.0, 2.0, 2.0]])).tolist() == [0.25]


relevant_sets = st.sets(st.integers(0, 12), min_size=1)
rankings = st.lists(st.integers(-1, 15), max_size=12)
cuts = st.integers(1, 14)


@given(cuts, relevant_sets, rankings)
def test_the_vectorised_score_is_that_of_a_plain_loop(k, relevant, ranking):
    assert score(k, relevant, ranking) == pytest.approx(
        plain_average_precision(k, relevant, ranking), abs=1e-12
    )


right_or_wrong = st.lists(st.booleans(), max_size=4)


@given(cuts, right_or_wrong, right_or_wrong, right_or_wrong, st.integers(0, 3))
def test_moving_a_correct_image_up_never_lowers_the_score(k, head, middle, tail, num_missing):
    before = [*head, False, *middle, True, *tail]
    after = [*head, True, *middle, False, *tail]
    # Rows from 50 up are wrong; relevant rows from 20 up are never ranked.
    relevant = [*range(sum(before)), *range(20, 20 + num_missing)]

    def ranked(pattern):
        correct, wrong = iter(range(20)), iter(range(50, 70))
        return [next(correct) if right else next(wrong) for right in pattern]

    lower, higher = score(k, relevant, ranked(before)), score(k, relevant, ranked(after))
    assert higher >= lower
    assert higher > lower or len(head) >= k


def test_many_queries_at_once_are_those_one_by_one():
    rng = np.random.default_rng(0)
    relevant = [rng.choice(300, size=size, replace=False) for size in rng.integers(1, 150, size=40)]
    rows = rng.integers(-1, 300, size=(40, 120))
    truth = Truth(
        tuple(map(str, range(40))), tuple(relevant), (np.empty(0, dtype=np.int64),) * 40, ("",) * 40
    )
    together = build(100).per_query(Outcome.from_rows(truth, rows))
    expected = [
        plain_average_precision(100, set(wanted.tolist()), ranking)
        for wanted, ranking in zip(relevant, rows.tolist(), strict=True)
    ]
    np.testing.assert_allclose(together, expected, rtol=0, atol=1e-12)


def test_a_query_without_relevant_images_has_no_average_precision():
    outcome = Outcome(np.zeros((2, 3), dtype=bool), np.array([1, 0]), np.array([3, 3]))
    with pytest.raises(
        EvaluationError,
        match="map@5 needs a relevant image for every query, which the one in place 1",
    ):
        build(5).per_query(outcome)


@pytest.mark.parametrize(("k", "message"), [(0, "map@K needs a k of 1 or more"), (None, "map@K needs a k")])
def test_k_must_be_positive(k, message):
    with pytest.raises(ValueError, match=message):
        build(k)
