"""How far a figure would move with other queries: the percentile bootstrap interval."""

from collections.abc import Iterator

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.metric import Metric
from evaluate.outcome import Outcome

# Counts held at once, resamples x queries: 8 MB an array, and the cost of a call is spread well.
_MAX_COUNTS = 1_000_000


def percentile_interval(
    metric: Metric,
    outcome: Outcome,
    *,
    rng: np.random.Generator | int,
    resamples: int = 10_000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the ends between which the middle `level` of the figures of resampled queries lies.

    Each resample draws as many queries as there are, with replacement; a number as `rng` is a seed.
    Memory does not grow with `resamples` x queries. One query gives an interval without width: it says
    nothing of other queries. Source: Efron and Tibshirani 1993, chapter 13.

    Raises:
        ValueError: `resamples` is below 1 or `level` not between 0 and 1.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, got {resamples}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    counts = resampled_counts(np.random.default_rng(rng), outcome.num_queries, resamples)
    figures = np.concatenate([metric.figure(outcome, chunk) for chunk in counts])
    low, high = np.quantile(figures, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_intervals(
    values: FloatArray, *, rng: np.random.Generator | int, resamples: int = 10_000, level: float = 0.95
) -> FloatArray:
    """Return the percentile intervals (N, 2) of the means of `values` (N, Q).

    Every line meets the same resamples, so that the interval of a difference query by query is a paired one.

    Raises:
        ValueError: `values` hold no query.
    """
    if values.ndim != 2 or not values.shape[1]:
        raise ValueError(f"values must be (N, Q) with at least one query, got {values.shape}")
    num_queries = values.shape[1]
    counts = resampled_counts(np.random.default_rng(rng), num_queries, resamples)
    means = np.concatenate([chunk @ values.T / num_queries for chunk in counts])
    return np.asarray(np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0).T)


def resampled_counts(rng: np.random.Generator, num_queries: int, resamples: int) -> Iterator[FloatArray]:
    """Yield how often each query was drawn, (R, `num_queries`) a chunk, `resamples` rows in all."""
    chunk = max(1, _MAX_COUNTS // num_queries)
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        drawn = rng.integers(num_queries, size=(rows, num_queries))
        # One bincount for the chunk: each resample counts in a stretch of its own.
        drawn += np.arange(rows)[:, None] * num_queries
        counts = np.bincount(drawn.ravel(), minlength=rows * num_queries)
        yield counts.reshape(rows, num_queries).astype(np.float64)
