"""What metrics read: hits, counts, and labels of those who may vote."""

from dataclasses import replace

import numpy as np
import pytest

from evaluate.labels import Labels
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Confidences, Difficulty, Gains, Irrelevant
from evaluate.truth import Truth

# Row 3 is the image of the query "y" itself.
TRUTH = Truth.from_labels(["q", "y"], ["a", "b"], [0, 1, 2, 3], ["w", "x", "z", "y"], ["a", "a", "b", "b"])
ROWS = np.array([[1, 2, 1, 0], [3, 2, -1, -1]])
LABELS = {0: "a", 1: "a", 2: "b", 3: "b"}


def test_rankings_are_held_against_the_truth():
    outcome = Outcome.from_rows(TRUTH, ROWS)
    # The repeated row 1 and the query itself (row 3) earn nothing and keep their ranks.
    assert outcome.hits.tolist() == [[True, False, False, True], [False, True, False, False]]
    assert outcome.num_relevant.tolist() == [2, 1]
    assert outcome.num_answers.tolist() == [4, 2]
    assert outcome.labels is None
    assert outcome.num_queries == 2


def test_a_repeat_and_the_query_itself_have_no_vote():
    outcome = Outcome.from_rows(TRUTH, ROWS, query_labels=["a", "b"], labels_by_row=LABELS)
    assert outcome.labels.names == ("a", "b")
    assert outcome.labels.neighbours.tolist() == [[0, 1, -1, 0], [-1, 1, -1, -1]]


def test_select_takes_every_field():
    outcome = Outcome.from_rows(TRUTH, ROWS, query_labels=["a", "b"], labels_by_row=LABELS)
    chosen = outcome.select(np.array([False, True]))
    assert chosen.hits.tolist() == [[False, True, False, False]]
    assert (chosen.num_relevant.tolist(), chosen.num_answers.tolist()) == ([1], [2])
    assert chosen.labels.queries.tolist() == [1]
    assert chosen.labels.neighbours.tolist() == [[-1, 1, -1, -1]]


def test_select_without_labels_has_none():
    assert Outcome.from_rows(TRUTH, ROWS).select(np.array([True, False])).labels is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query_labels": ["a", "b"]}, "must be given together"),
        ({"labels_by_row": LABELS}, "must be given together"),
        ({"query_labels": ["a"], "labels_by_row": LABELS}, "query_labels must be 2, got 1"),
    ],
)
def test_half_of_the_labels_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Outcome.from_rows(TRUTH, ROWS, **options)


HITS = np.array([[True, False]])


@pytest.mark.parametrize(
    ("hits", "num_relevant", "num_answers", "message"),
    [
        (HITS[0], [1], [2], r"hits must be boolean \(Q, K\), Q > 0, got bool \(2,\)"),
        (HITS.astype(int), [1], [2], "hits must be boolean"),
        (HITS[:0], [], [], "Q > 0"),
        (HITS, [1, 1], [2], "num_relevant must be 1 integers"),
        (HITS, [1], [2.0], "num_answers must be 1 integers, got float64"),
        (HITS, [0], [2], "more hits than relevant images"),
        (HITS, [1], [0], "num_answers must be from the number of hits to K"),
        (HITS, [1], [3], "num_answers must be from the number of hits to K"),
    ],
)
def test_contradictions_are_refused(hits, num_relevant, num_answers, message):
    with pytest.raises(ValueError, match=message):
        Outcome(hits, np.array(num_relevant), np.array(num_answers))


ONE, TWO = np.array([1]), np.array([1, 1])
NARROW = np.zeros((1, 2), dtype=np.int8)
WIDE = np.zeros((1, 3), dtype=np.int8)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"labels": Labels(("a",), ONE - 1, WIDE.astype(int))},
            r"labels must be for rankings \(1, 2\), got \(1, 3\)",
        ),
        (
            {"difficulty": Difficulty(WIDE, ONE, ONE)},
            r"difficulty must be for rankings \(1, 2\), got \(1, 3\)",
        ),
        ({"difficulty": Difficulty(NARROW, TWO, ONE)}, "num_easy must be 1, one a query, got 2"),
        ({"difficulty": Difficulty(NARROW, ONE, TWO)}, "num_hard must be 1, one a query, got 2"),
        ({"gains": Gains(WIDE * 1.0, np.ones((1, 1)))}, "gains must be for rankings"),
        ({"gains": Gains(NARROW * 1.0, np.ones((2, 1)))}, "ideal gains must be 1, one a query, got 2"),
        ({"confidences": Confidences(TWO * 1.0, ONE)}, "confidences must be 1, one a query, got 2"),
        ({"confidences": Confidences(ONE * 1.0, TWO)}, "tie_order must be 1, one a query, got 2"),
        ({"irrelevant": Irrelevant(WIDE > 0, ONE)}, "irrelevant must be for rankings"),
        ({"irrelevant": Irrelevant(NARROW > 0, TWO)}, "irrelevant must be 1, one a query, got 2"),
        ({"query_ids": ("q", "r")}, "query_ids must be 1, one a query, got 2"),
        ({"query_ids": ()}, "query_ids must be 1, one a query, got 0"),
    ],
)
def test_parts_of_other_queries_or_rankings_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        Outcome(HITS, np.array([1]), np.array([2]), **parts)


def test_wrong_images_are_marked_once_each_and_counted():
    truth = replace(TRUTH, num_images=5)
    # Row 1 is right, 2 wrong; 3 is wrong for q and the query y itself; repeats and padding are nothing.
    outcome = Outcome.from_rows(truth, np.array([[2, 1, 2, 3, 1], [3, 0, 2, 0, -1]]))
    assert outcome.irrelevant.ranked.tolist() == [
        [True, False, False, True, False],
        [False, True, False, False, False],
    ]
    # Of five images two are right for q; one is right for y, and y is one.
    assert outcome.irrelevant.num.tolist() == [3, 3]


def test_nobody_knows_what_is_wrong_in_an_index_of_unknown_size():
    assert Outcome.from_rows(replace(TRUTH, num_images=None), ROWS).irrelevant is None
