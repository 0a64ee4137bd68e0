"""Draws with replacement: each way to make them against the law, and blocks on one core and on many."""

import math
import os

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from evaluate import draws

MANY = draws._MANY_QUERIES


def drawn(num_queries, resamples, seed=0):
    return np.concatenate(
        [draws.counts(block, num_queries) for block in draws.blocks(seed, num_queries, resamples)]
    )


@pytest.mark.parametrize("num_queries", [1, 7, 1000, MANY])
def test_each_resample_draws_as_many_queries_as_there_are(num_queries):
    counts = drawn(num_queries, 70)
    assert counts.shape == (70, num_queries)
    assert (counts.sum(axis=1) == num_queries).all()


def test_every_query_is_as_likely_as_another():
    # 7 divides no power of two: draws that favour a place would show among 1.4 million.
    assert chisquare(drawn(7, 200_000).sum(axis=0)).pvalue > 0.001


@pytest.mark.parametrize("num_queries", [1000, MANY])
def test_counts_have_the_law_of_draws_with_replacement(num_queries):
    counts = drawn(num_queries, 2_000_000 // num_queries)
    # Binomial(n, 1 / n) for each query: variance 1 - 1 / n, and nearly Poisson(1).
    assert counts.var() == pytest.approx(1 - 1 / num_queries, abs=0.01)
    observed = np.bincount(np.minimum(counts.ravel(), 5).astype(int))
    chances = [*poisson.pmf(range(5), 1), poisson.sf(4, 1)]
    assert observed / counts.size == pytest.approx(chances, abs=0.0015)


@pytest.mark.parametrize("num_queries", [1000, MANY])
def test_counts_of_different_queries_compete(num_queries):
    counts = drawn(num_queries, 4000 if num_queries == 1000 else 300)
    halves = counts[:, : num_queries // 2].sum(axis=1)
    # Half the draws, Binomial(n, 1/2): independent counts would have twice the variance n / 4.
    assert halves.mean() == pytest.approx(num_queries / 2, abs=4 * math.sqrt(num_queries / 4 / len(halves)))
    assert halves.var() == pytest.approx(num_queries / 4, rel=0.25)


def test_sixteen_bits_give_nearly_the_counts_of_poisson():
    thresholds = [int(threshold) for threshold in draws._poisson_thresholds(0.99)]
    tails = poisson.sf(range(len(thresholds)), 0.99)
    assert np.array(thresholds) / 2**16 == pytest.approx(tails, abs=2**-17)
    assert poisson.sf(len(thresholds), 0.99) < 2**-17
    mean = sum(thresholds) / 2**16
    # E[N^2] is the sum of (2k - 1) P(N >= k).
    variance = sum((2 * k + 1) * threshold for k, threshold in enumerate(thresholds)) / 2**16 - mean**2
    assert variance == pytest.approx(0.99, abs=1e-4)


def test_a_sum_of_poisson_counts_that_is_too_large_is_drawn_again():
    # At a rate of 1 half the sums are too large.
    thresholds = draws._poisson_thresholds(1.0)
    stream = np.random.default_rng(0)
    counts, above = np.empty(100, dtype=np.uint8), np.empty(100, dtype=bool)
    for _ in range(100):
        draws._topped_up_counts(stream, thresholds, counts, above)
        assert counts.sum() == 100


@pytest.mark.parametrize("num_queries", [300, MANY])
def test_the_number_of_threads_does_not_change_a_draw(num_queries, monkeypatch):
    def totals():
        blocks = draws.blocks(3, num_queries, 8000 if num_queries == 300 else 200)
        assert len(blocks) > 2
        return draws.shared_out(
            lambda block: draws.counts(block, num_queries) @ np.arange(num_queries), blocks
        )

    cores = totals()
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    for one, many in zip(totals(), cores, strict=True):
        np.testing.assert_array_equal(one, many)


def test_pieces_are_small_and_make_up_the_block():
    (block,) = draws.blocks(1, 2000, 400)
    (same,) = draws.blocks(1, 2000, 400)
    pieces = list(draws.count_pieces(block, 2000))
    assert max(piece.size for piece in pieces) <= draws._MAX_DRAWS
    np.testing.assert_array_equal(np.concatenate(pieces), draws.counts(same, 2000))


def test_blocks_bound_the_memory_and_cover_all_resamples():
    for num_queries in (1, 999, 1000, 120_000):
        blocks = draws.blocks(0, num_queries, 10_000)
        assert max(block.rows for block in blocks) == min(10_000, max(64, 1_000_000 // num_queries))
        starts = np.cumsum([0, *(block.rows for block in blocks)])
        assert [block.start for block in blocks] == starts[:-1].tolist()
        assert starts[-1] == 10_000


def test_a_seed_repeats_and_a_generator_moves_on():
    rng = np.random.default_rng(4)
    first, second = drawn(30, 20, rng), drawn(30, 20, rng)
    np.testing.assert_array_equal(drawn(30, 20, 4), first)
    assert (first != second).any()


@pytest.mark.parametrize(
    ("num_queries", "resamples", "message"),
    [
        (3, 0, "resamples must be 1 or more, got 0"),
        (0, 5, "num_queries must be from 1 to"),
        (2**32, 5, "got 4294967296"),
    ],
)
def test_options_out_of_range_are_refused(num_queries, resamples, message):
    with pytest.raises(ValueError, match=message):
        draws.blocks(0, num_queries, resamples)


def test_work_is_given_back_in_order_and_its_error_is_raised():
    assert draws.shared_out(lambda number: number * 2, range(50)) == list(range(0, 100, 2))
    with pytest.raises(ZeroDivisionError):
        draws.shared_out(lambda number: 1 // number, [1, 0, 2])
