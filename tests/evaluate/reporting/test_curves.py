"""Curves along the ranking: by hand, equal to a plain loop, within bounds, in chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.outcome import Outcome
from evaluate.reporting import curves
from evaluate.reporting.curves import found_share, hit_rate, precision_at_rank, precision_recall

ALONG_RANKS = [hit_rate, precision_at_rank, found_share]


def outcome(hits, num_relevant):
    table = np.array(hits, dtype=bool)
    return Outcome(table, np.array(num_relevant), np.full(len(table), table.shape[1]))


def plain_precision(hits, num_relevant):
    """The definition, word for word, for one query."""
    found = [sum(hits[: rank + 1]) for rank in range(len(hits))]
    return [
        max(
            [
                found[rank] / (rank + 1)
                for rank in range(len(hits))
                # In whole numbers: recall >= percent / 100.
                if found[rank] * 100 >= percent * num_relevant
            ],
            default=0.0,
        )
        for percent in range(101)
    ]


def plain_along_ranks(curve, hits, num_relevant, rank):
    found = sum(hits[:rank])
    return {hit_rate: float(found > 0), precision_at_rank: found / rank, found_share: found / num_relevant}[
        curve
    ]


def test_precision_and_recall_by_hand():
    # Query 1: hits at ranks 1 and 4 of 2 relevant: precision 1 up to recall 1/2, then 2/4.
    # Query 2: a hit at rank 2 of 4 relevant: 1/2 up to recall 1/4, then it is never reached.
    line = precision_recall(outcome([[1, 0, 0, 1], [0, 1, 0, 0]], [2, 4]))
    assert line.x == tuple(np.arange(101) / 100)
    assert line.y[:26] == pytest.approx([3 / 4] * 26)
    assert line.y[26:51] == pytest.approx([1 / 2] * 25)
    assert line.y[51:] == pytest.approx([1 / 4] * 50)


def test_a_later_better_precision_counts_for_the_recalls_before_it():
    # Ranks 2 and 3 are hits: 1/2 at recall 1/2, 2/3 at recall 1.
    assert precision_recall(outcome([[0, 1, 1]], [2])).y == pytest.approx([2 / 3] * 101)


def test_curves_along_the_ranks_by_hand():
    queries = outcome([[0, 1, 1], [1, 0, 0]], [4, 1])
    assert hit_rate(queries).y == pytest.approx([1 / 2, 1, 1])
    assert precision_at_rank(queries).y == pytest.approx([1 / 2, 1 / 2, 1 / 2])
    assert found_share(queries).y == pytest.approx([1 / 2, (1 / 4 + 1) / 2, (2 / 4 + 1) / 2])
    assert hit_rate(queries).x == (1, 2, 3)


def test_the_band_by_hand():
    # At rank 1: 0 and 1, mean 1/2, s = sqrt(1/2), margin 1.96 sqrt(1/4) = 0.98, cut to 0..1.
    # At rank 2: three hits of four queries: s = 1/2, margin 1.96 / 4 = 0.49.
    line = hit_rate(outcome([[0, 0], [0, 1], [1, 0], [1, 0]], [1] * 4))
    assert line.low == pytest.approx([max(0, 0.5 - 1.959964 * (1 / 3) ** 0.5 / 2), 0.75 - 1.959964 / 4])
    assert line.high == pytest.approx([min(1, 0.5 + 1.959964 * (1 / 3) ** 0.5 / 2), 1.0])


@pytest.mark.parametrize("curve", [precision_recall, *ALONG_RANKS])
def test_queries_without_a_relevant_image_are_left_out(curve):
    with_one, without = outcome([[0, 1], [1, 0]], [2, 1]), outcome([[0, 1], [0, 0], [1, 0]], [2, 0, 1])
    assert curve(without) == curve(with_one)
    with pytest.raises(ValueError, match="needs a query with a relevant image"):
        curve(outcome([[0, 0]], [0]))


@pytest.mark.parametrize("curve", [precision_recall, *ALONG_RANKS])
def test_a_single_query_has_no_band(curve):
    assert curve(outcome([[0, 1]], [2])).low is None


@pytest.mark.parametrize("curve", [precision_recall, *ALONG_RANKS])
def test_nothing_answered_is_nothing_found(curve):
    nothing = Outcome(np.zeros((2, 0), bool), np.array([1, 2]), np.array([0, 0]))
    assert set(curve(nothing).y) == {0.0}


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 20), st.integers(1, 60))
def test_curves_equal_a_plain_loop_in_chunks_of_any_size(seed, num_queries, num_ranks, entries):
    rng = np.random.default_rng(seed)
    hits = rng.random((num_queries, num_ranks)) < rng.random()
    num_relevant = hits.sum(axis=1) + rng.integers(0, 4, num_queries)
    num_relevant[0] += num_relevant[0] == 0
    queries, kept = outcome(hits, num_relevant), num_relevant > 0
    pairs = list(zip(hits[kept].tolist(), num_relevant[kept].tolist(), strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "_MAX_ENTRIES", entries)
        lines = {curve: curve(queries) for curve in (precision_recall, *ALONG_RANKS)}
    expected = {precision_recall: np.array([plain_precision(*pair) for pair in pairs])}
    for curve in ALONG_RANKS:
        expected[curve] = np.array(
            [[plain_along_ranks(curve, *pair, rank) for rank in range(1, num_ranks + 1)] for pair in pairs]
        )
    for curve, values in expected.items():
        np.testing.assert_allclose(lines[curve].y, values.mean(axis=0), atol=1e-12)
        if len(pairs) > 1:
            margin = 1.959964 * values.std(axis=0, ddof=1) / len(pairs) ** 0.5
            np.testing.assert_allclose(
                lines[curve].low, np.maximum(0, values.mean(axis=0) - margin), atol=1e-7
            )
            np.testing.assert_allclose(
                lines[curve].high, np.minimum(1, values.mean(axis=0) + margin), atol=1e-7
            )


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(1, 700))
def test_curves_stay_in_bounds_and_go_the_way_they_must(seed, num_queries, num_ranks):
    rng = np.random.default_rng(seed)
    hits = rng.random((num_queries, num_ranks)) < rng.random() ** 3
    queries = outcome(hits, hits.sum(axis=1) + rng.integers(1, 4, num_queries))
    for curve in (precision_recall, *ALONG_RANKS):
        line = curve(queries)
        assert 1 <= len(line.x) <= 200
        assert all(
            0 <= low <= y <= high <= 1 for low, y, high in zip(line.low, line.y, line.high, strict=True)
        )
    assert (np.diff(precision_recall(queries).y) <= 1e-12).all()
    assert (np.diff(hit_rate(queries).y) >= -1e-12).all()
    assert (np.diff(found_share(queries).y) >= -1e-12).all()


@pytest.mark.parametrize("num_ranks", [1, 200, 201, 999, 6000])
def test_ranks_are_few_and_hold_the_first_the_last_and_the_round_ones(num_ranks):
    x = hit_rate(outcome(np.zeros((2, num_ranks)), [1, 1])).x
    assert len(x) <= 200
    assert (x[0], x[-1]) == (1, num_ranks)
    assert {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} & set(range(num_ranks + 1)) <= set(x)


def test_a_long_ranking_has_the_same_values_at_its_ranks(outcome_of):
    queries = outcome_of(20, 3000, 5)
    line = found_share(queries)
    places = np.array(line.x) - 1
    shares = np.cumsum(queries.hits, axis=1)[:, places] / queries.num_relevant[:, None]
    np.testing.assert_allclose(line.y, shares.mean(axis=0))
