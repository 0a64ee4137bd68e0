"""What an evaluation says: figures with intervals, by usage and by group, and how far to trust them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from evaluate.arrays import BoolArray
from evaluate.coverage import Coverage
from evaluate.errors import EvaluationError
from evaluate.figure_text import figure_lines
from evaluate.figures import Figure, figures
from evaluate.intervals import Kind
from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.reporting.wording import plain
from evaluate.strata import relevance_strata, strata
from evaluate.truth import Truth
from evaluate.words import percent

_MAX_LISTED = 10
ALL = "all queries"


@dataclass(frozen=True)
class Sampling:
    """How intervals are made: their kind, how likely they hold the truth, how many resamples, which seed."""

    kind: Kind = "bca"
    level: float = 0.95
    resamples: int = 10_000
    seed: int = 0

    def sentence(self) -> str:
        """Say it in words."""
        names = {"bca": "BCa", "percentile": "percentile"}
        return (
            f"{percent(self.level)} {names[self.kind]} bootstrap intervals over queries, "
            f"{self.resamples:,} resamples, seed {self.seed}"
        )


@dataclass(frozen=True)
class Report:
    """Figures by the name of their metric, over all queries and for each usage (sorted).

    `strata` has them by column and by value of that column. `unanswered` are the queries without a single
    ranked image; they count as wrong in every figure. `notes` say what was decided on the way.
    """

    metrics: Mapping[str, Figure]
    usages: Mapping[str, Mapping[str, Figure]]
    unanswered: tuple[str, ...]
    sampling: Sampling = field(default_factory=Sampling)
    strata: Mapping[str, Mapping[str, Mapping[str, Figure]]] = field(default_factory=dict)
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Give the report as dicts, lists and plain numbers, ready for JSON."""
        return {
            "metrics": _plain(self.metrics),
            "usages": {usage: _plain(found) for usage, found in self.usages.items()},
            "strata": {
                column: {value: _plain(found) for value, found in groups.items()}
                for column, groups in self.strata.items()
            },
            "unanswered": list(self.unanswered),
            "coverage": None if self.coverage is None else self.coverage.to_dict(),
            "interval": asdict(self.sampling),
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """Show the report as text: all queries, each usage and group, then what is missing."""
        blocks = {ALL: self.metrics, **self.usages}
        for column, groups in self.strata.items():
            blocks |= {f"{column} = {value}": found for value, found in groups.items()}
        width = max(len(plain(text)) for text in [*blocks, *self.metrics])
        texts = [figure_lines(title, found, width, self.sampling.level) for title, found in blocks.items()]
        if self.unanswered:
            listed = ", ".join(map(plain, self.unanswered[:_MAX_LISTED]))
            more = len(self.unanswered) - _MAX_LISTED
            texts.append(
                f"no answer, counted as wrong: {len(self.unanswered)} "
                f"({listed}{f' and {more} more' if more > 0 else ''})"
            )
        texts += [*map(plain, self.notes), self.sampling.sentence()]
        return "\n\n".join(texts)


def score(
    truth: Truth,
    outcome: Outcome,
    metrics: Sequence[Metric],
    *,
    sampling: Sampling | None = None,
    columns: Mapping[str, Sequence[str] | None] | None = None,
    coverage: Coverage | None = None,
    notes: Sequence[str] = (),
) -> Report:
    """Compute every metric with its interval, over all queries, those of each usage and of each group.

    `columns` give each query (Q) a value, and queries with the same one are a group; None in place of the
    values groups by how many images are relevant. Each figure draws its resamples from the seed anew, so it
    is the same whatever stands beside it.

    Raises:
        ValueError: truth and outcome have not the same queries, or there is no metric.
        EvaluationError: a metric needs what the outcome does not hold, or no query counts for it.
    """
    if not np.array_equal(truth.num_relevant, outcome.num_relevant):
        raise ValueError("the outcome must be of the queries of this truth, in the same order")
    if not metrics:
        raise ValueError("there must be at least one metric")
    how = sampling or Sampling()
    usages = np.array(truth.usages, dtype=object)
    by_usage = {usage: usages == usage for usage in sorted(set(truth.usages) - {""})}
    overall, of_usages = overall_figures(metrics, outcome, how, by_usage)
    return Report(
        overall,
        of_usages,
        tuple(
            query_id
            for query_id, answers in zip(truth.query_ids, outcome.num_answers.tolist(), strict=True)
            if answers == 0
        ),
        how,
        {
            name: _figures(metrics, outcome, _groups(values, outcome), how)
            for name, values in (columns or {}).items()
        },
        coverage,
        tuple(notes),
    )


def overall_figures(
    metrics: Sequence[Metric], outcome: Outcome, how: Sampling, groups: Mapping[str, BoolArray]
) -> tuple[dict[str, Figure], dict[str, dict[str, Figure]]]:
    """Compute every metric with its interval over all queries, by name, and over each of `groups`.

    Raises:
        EvaluationError: a metric needs what the outcome does not hold, or no query counts for it.
    """
    everyone = np.ones(outcome.num_queries, dtype=np.bool_)
    found = _figures(metrics, outcome, {ALL: everyone, **groups}, how)
    overall = found.pop(ALL)
    for metric in metrics:
        if metric.name not in overall:
            raise EvaluationError(
                f"no query counts for {metric.name}: none has an image that is correct there; "
                "choose another metric"
            )
    return overall, found


def _figures(
    metrics: Sequence[Metric], outcome: Outcome, groups: Mapping[str, BoolArray], how: Sampling
) -> dict[str, dict[str, Figure]]:
    return figures(
        metrics, outcome, groups, seed=how.seed, kind=how.kind, resamples=how.resamples, level=how.level
    )


def _groups(values: Sequence[str] | None, outcome: Outcome) -> Mapping[str, BoolArray]:
    return relevance_strata(outcome.num_relevant) if values is None else strata(values)


def _plain(found: Mapping[str, Figure]) -> dict[str, object]:
    return {name: asdict(figure) for name, figure in found.items()}
