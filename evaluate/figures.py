"""Figures with their intervals, for all queries or for groups of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluate.arrays import BoolArray, FloatArray, query_mask
from evaluate.bootstrap import interval, mean_intervals
from evaluate.intervals import Kind
from evaluate.metric import Metric
from evaluate.outcome import Outcome


@dataclass(frozen=True)
class Figure:
    """A metric's value over `queries` queries, and its bootstrap interval."""

    value: float
    low: float
    high: float
    queries: int


def figures(
    metrics: Sequence[Metric],
    outcome: Outcome,
    groups: Mapping[str, BoolArray],
    *,
    seed: int = 0,
    kind: Kind = "bca",
    resamples: int = 10_000,
    level: float = 0.95,
) -> dict[str, dict[str, Figure]]:
    """Compute every metric over each group of queries: group, then the metric's name, in the order given.

    `groups` are masks (Q,). A metric that has no value for any query of a group is left out there. Each
    figure draws its resamples from `seed` anew, so it is the same whatever stands beside it.

    Raises:
        ValueError: a group is empty or of another size; `resamples` or `level` is out of range.
        EvaluationError: a metric needs what the outcome does not hold.
    """
    means = [metric for metric in metrics if metric.is_mean]
    # Scored once, not once a group: there may be as many groups as queries.
    scores = np.array([metric.per_query(outcome) for metric in means]).reshape(-1, outcome.num_queries)
    result: dict[str, dict[str, Figure]] = {}
    for name, mask in groups.items():
        kept = query_mask(mask, outcome.num_queries)
        found = _mean_figures(means, scores[:, kept], seed=seed, kind=kind, resamples=resamples, level=level)
        if len(means) < len(metrics):
            part = outcome if kept.all() else outcome.select(kept)
            for metric in metrics:
                value = float("nan") if metric.is_mean else _value(metric, part)
                if not np.isnan(value):
                    ends = interval(metric, part, kind=kind, rng=seed, resamples=resamples, level=level)
                    found[metric.name] = Figure(value, *ends, part.num_queries)
        result[name] = {metric.name: found[metric.name] for metric in metrics if metric.name in found}
    return result


def _mean_figures(
    metrics: Sequence[Metric], scores: FloatArray, *, seed: int, kind: Kind, resamples: int, level: float
) -> dict[str, Figure]:
    counts = (~np.isnan(scores)).sum(axis=1)
    lines = np.flatnonzero(counts)
    if not lines.size:
        return {}
    ends = mean_intervals(scores[lines], kind=kind, rng=seed, resamples=resamples, level=level)
    return {
        metrics[line].name: Figure(
            float(np.nanmean(scores[line])), float(low), float(high), int(counts[line])
        )
        for line, (low, high) in zip(lines.tolist(), ends, strict=True)
    }


def _value(metric: Metric, outcome: Outcome) -> float:
    return float(metric.figure(outcome, np.ones((1, outcome.num_queries)))[0])
