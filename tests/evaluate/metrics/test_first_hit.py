"""first-hit and its median: ranks with one bound for all, under any weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.metrics import first_hit, first_hit_median
from evaluate.outcome import Outcome

MEAN, MEDIAN = first_hit.build(None), first_hit_median.build(None)


def outcome_of(ranks, width):
    """Queries whose first hit stands at these ranks; None for those without one."""
    hits = np.zeros((len(ranks), width), dtype=bool)
    for query, rank in enumerate(ranks):
        if rank is not None:
            hits[query, rank - 1] = True
    return Outcome(hits, np.full(len(ranks), 2), hits.sum(axis=1) * width)


def test_mean_and_median_by_hand():
    # 1, 4, 2 and 101: mean 27, median (2 + 4) / 2.
    outcome = outcome_of([1, 4, 2, None], 4)
    assert MEAN.per_query(outcome).tolist() == [1.0, 4.0, 2.0, 101.0]
    assert MEDIAN.per_query(outcome).tolist() == [1.0, 4.0, 2.0, 101.0]
    assert MEAN.figure(outcome, np.ones((1, 4))).tolist() == [27.0]
    assert MEDIAN.figure(outcome, np.ones((1, 4))).tolist() == [3.0]
    # Without the last: 1, 2, 4. Only the first twice and the last twice: (1 + 101) / 2.
    weights = np.array([[1.0, 1.0, 1.0, 0.0], [2.0, 0.0, 0.0, 2.0]])
    assert MEDIAN.figure(outcome, weights).tolist() == [2.0, 51.0]


def test_nothing_is_gained_by_ranking_less():
    # A hit at rank 150, a list that ends at rank 5 and no list at all: the same.
    assert MEAN.per_query(outcome_of([150, None, 100], 200)).tolist() == [101.0, 101.0, 100.0]
    assert MEAN.per_query(outcome_of([None], 5)).tolist() == [101.0]
    assert MEAN.per_query(outcome_of([None], 0)).tolist() == [101.0]


first_ranks = st.lists(st.one_of(st.none(), st.integers(1, 6)), min_size=1, max_size=8)


@given(first_ranks, st.data())
def test_the_median_is_that_of_the_written_out_list(ranks, data):
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(ranks), max_size=len(ranks)).filter(any))
    written_out = np.repeat([101 if rank is None else rank for rank in ranks], counts)
    figure = MEDIAN.figure(outcome_of(ranks, 6), np.array([counts], dtype=float))
    assert figure.tolist() == [np.median(written_out)]


def test_smaller_is_better_and_the_median_is_no_mean():
    assert MEAN.lower_is_better
    assert MEDIAN.lower_is_better
    assert MEAN.is_mean
    assert not MEDIAN.is_mean
    assert MEAN.depth == MEDIAN.depth == 100


@pytest.mark.parametrize("metric", [MEAN, MEDIAN], ids=lambda metric: metric.name)
def test_a_query_without_relevant_images_is_refused(metric):
    outcome = Outcome(np.zeros((1, 3), dtype=bool), np.array([0]), np.array([3]))
    with pytest.raises(Exception, match=f"^{metric.name} needs a relevant image for every query"):
        metric.per_query(outcome)
