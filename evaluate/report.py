"""Scores an outcome by several metrics, overall and for each usage, and shows the figures."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from evaluate.bootstrap import percentile_interval
from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.truth import Truth

_MAX_LISTED = 10


@dataclass(frozen=True)
class Figure:
    """A metric's value over `queries` queries, and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    queries: int


@dataclass(frozen=True)
class Report:
    """Figures by the name of their metric, over all queries and for each usage (sorted).

    `unanswered` are the queries without a single ranked image; they count as wrong in every figure.
    """

    metrics: dict[str, Figure]
    usages: dict[str, dict[str, Figure]]
    unanswered: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the report as dicts, lists and plain numbers, ready for JSON."""
        return {
            "metrics": {name: asdict(figure) for name, figure in self.metrics.items()},
            "usages": {
                usage: {name: asdict(figure) for name, figure in figures.items()}
                for usage, figures in self.usages.items()
            },
            "unanswered": list(self.unanswered),
        }

    def table(self) -> str:
        """Show the report as text: a block for all queries, one for each usage, then who got no answer."""
        titles = ["all queries", *self.usages]
        width = max(len(text) for text in [*titles, *self.metrics])
        blocks = [_block("all queries", self.metrics, width)]
        blocks += [_block(usage, figures, width) for usage, figures in self.usages.items()]
        if self.unanswered:
            listed = ", ".join(self.unanswered[:_MAX_LISTED])
            more = len(self.unanswered) - _MAX_LISTED
            blocks.append(
                f"no answer, counted as wrong: {len(self.unanswered)} "
                f"({listed}{f' and {more} more' if more > 0 else ''})"
            )
        return "\n\n".join(blocks)


def score(
    truth: Truth,
    outcome: Outcome,
    metrics: Sequence[Metric],
    *,
    seed: int = 0,
    resamples: int = 10_000,
) -> Report:
    """Compute every metric with its interval, over all queries and over those of each usage.

    Each figure draws its resamples from `seed` anew, so it is the same whatever stands beside it.

    Raises:
        ValueError: truth and outcome have not the same queries, or there is no metric.
        EvaluationError: a metric needs what the outcome does not hold.
    """
    if not np.array_equal(truth.num_relevant, outcome.num_relevant):
        raise ValueError("the outcome must be of the queries of this truth, in the same order")
    if not metrics:
        raise ValueError("there must be at least one metric")
    usages = np.array(truth.usages, dtype=object)
    return Report(
        metrics=_figures(outcome, metrics, seed, resamples),
        usages={
            usage: _figures(outcome.select(usages == usage), metrics, seed, resamples)
            for usage in sorted(set(truth.usages) - {""})
        },
        unanswered=tuple(
            query_id
            for query_id, answers in zip(truth.query_ids, outcome.num_answers.tolist(), strict=True)
            if answers == 0
        ),
    )


def _figures(outcome: Outcome, metrics: Sequence[Metric], seed: int, resamples: int) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for metric in metrics:
        value = float(metric.figure(outcome, np.ones((1, outcome.num_queries)))[0])
        low, high = percentile_interval(metric, outcome, rng=seed, resamples=resamples)
        figures[metric.name] = Figure(value, low, high, outcome.num_queries)
    return figures


def _block(title: str, figures: dict[str, Figure], width: int) -> str:
    lines = [f"{title:<{width}}   value   95 % interval     queries"]
    lines += [
        f"{name:<{width}}  {figure.value:.4f}   {figure.low:.4f} - {figure.high:.4f}   {figure.queries:>7}"
        for name, figure in figures.items()
    ]
    return "\n".join(lines)
