"""Hold rankings against a truth: figures, groups and coverage in one call."""

from collections.abc import Mapping, Sequence

from evaluate.coverage import coverage
from evaluate.errors import EvaluationError
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.rankings import Rankings
from evaluate.report import Report, Sampling, score

# The column that every truth has: how many images are relevant for a query.
NUM_RELEVANT = "m"
_DEPTH = 100


def evaluate(
    rankings: Rankings,
    ground_truth: GroundTruth,
    metrics: Sequence[Metric],
    *,
    sampling: Sampling | None = None,
    by: Sequence[str] = (),
) -> Report:
    """Compute the report of one system.

    `by` names columns of the queries to group them by; "m" is how many images are relevant.

    Raises:
        EvaluationError: the rankings do not fit the truth, a column is not there, a metric needs what is
            not known, or no query counts for it.
    """
    return report_of(ground_truth.hold(rankings), ground_truth, metrics, sampling=sampling, by=by)


def report_of(
    held: Held,
    ground_truth: GroundTruth,
    metrics: Sequence[Metric],
    *,
    sampling: Sampling | None = None,
    by: Sequence[str] = (),
) -> Report:
    """Compute the report of rankings that were held against the truth, as `evaluate` does."""
    truth = ground_truth.truth
    return score(
        truth,
        held.outcome,
        metrics,
        sampling=sampling,
        columns=columns(ground_truth, by),
        coverage=coverage(
            held.rows,
            held.outcome.hits,
            held.outcome.num_relevant,
            depth=min(_DEPTH, max(1, held.rows.shape[1])),
            scores=held.scores,
            num_images=truth.num_images,
        ),
        notes=ground_truth.notes,
    )


def columns(ground_truth: GroundTruth, by: Sequence[str]) -> Mapping[str, Sequence[str] | None]:
    """Look up the columns that queries are grouped by; None stands for the number of relevant images.

    Raises:
        EvaluationError: there is no such column.
    """
    found: dict[str, Sequence[str] | None] = {}
    for name in by:
        if name != NUM_RELEVANT and name not in ground_truth.columns:
            known = ", ".join([NUM_RELEVANT, *ground_truth.columns])
            raise EvaluationError(
                f"the queries have no column {name!r} to group them by; there are {known} "
                "(a CSV of the queries adds its columns)"
            )
        found[name] = None if name == NUM_RELEVANT else ground_truth.columns[name]
    return found
