"""recall@K: one correct image among the first K is enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.metrics.recall_at_k import build
from evaluate.outcome import Outcome


def outcome_of(hits, num_relevant=None):
    table = np.array(hits, dtype=bool)
    counts = np.full(len(table), 10) if num_relevant is None else np.array(num_relevant)
    return Outcome(table, counts, np.full(len(table), table.shape[1]))


@pytest.mark.parametrize(("k", "expected"), [(1, 1 / 4), (2, 2 / 4), (3, 3 / 4), (100, 3 / 4)])
def test_the_share_of_queries_with_a_hit_in_time(k, expected):
    # First hits at ranks 1, 2 and 3; the last query has none.
    outcome = outcome_of([[1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert build(k).figure(outcome, np.ones((1, 4))).tolist() == [expected]


def test_it_is_not_the_share_of_relevant_images():
    assert build(3).per_query(outcome_of([[1, 0, 0]], [3])).tolist() == [1.0]


def test_rankings_of_no_ranks_find_nothing():
    assert build(5).per_query(outcome_of(np.empty((2, 0)))).tolist() == [0.0, 0.0]


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=6), st.integers(1, 6))
def test_it_is_that_of_a_plain_loop_and_grows_with_k(hits, k):
    outcome = outcome_of(hits)
    scores = build(k).per_query(outcome)
    assert scores.tolist() == [float(any(row[:k])) for row in hits]
    assert (build(k + 1).per_query(outcome) >= scores).all()


def test_a_query_without_relevant_images_is_refused():
    with pytest.raises(
        EvaluationError,
        match="recall@5 needs a relevant image for every query, which the one in place 0 has not",
    ):
        build(5).per_query(outcome_of([[0, 0]], [0]))


@pytest.mark.parametrize(
    ("k", "message"), [(0, "recall@K needs a k of 1 or more"), (None, "recall@K needs a k")]
)
def test_k_must_be_positive(k, message):
    with pytest.raises(ValueError, match=message):
        build(k)
