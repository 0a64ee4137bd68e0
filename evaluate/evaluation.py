"""Hold rankings against a truth: figures, groups and coverage in one call."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evaluate.coverage import coverage
from evaluate.errors import EvaluationError
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.metrics.knn_f1 import NUM_VOTES
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
    rows = held.given_rows
    return score(
        truth,
        held.outcome,
        metrics,
        sampling=sampling,
        columns=columns(ground_truth, by),
        coverage=coverage(
            rows,
            truth.hits(rows) if truth.closes_up else held.outcome.hits,
            held.outcome.num_relevant,
            depth=min(_DEPTH, max(1, rows.shape[1])),
            scores=held.given_scores,
            num_images=truth.num_images,
        ),
        notes=(*ground_truth.notes, *_notes(held, ground_truth, metrics)),
    )


def _notes(held: Held, known: GroundTruth, metrics: Sequence[Metric]) -> Iterator[str]:
    """Say what a reader of the figures would ask about these rankings."""
    truth, rows = known.truth, held.given_rows
    own = np.array([known.images.row_of_id.get(name, -2) for name in truth.query_ids], dtype=np.int64)
    num_own = int((rows == own[:, None]).any(axis=1).sum())
    if num_own and not truth.closes_up:
        yield f"{num_own} rankings hold their own query, which takes its rank and counts for nothing"
    if truth.closes_up:
        short = int(((rows >= 0).sum(axis=1) < (truth.num_images or 0)).sum())
        if short:
            yield f"{short} rankings hold less than the whole index; what they lack was not found"
    labels = held.outcome.labels
    if labels is not None and any(metric.name.startswith("knn-f1") for metric in metrics):
        few = int(((labels.neighbours >= 0).sum(axis=1) < NUM_VOTES).sum())
        if few:
            yield f"{few} rankings hold fewer than {NUM_VOTES} images with a label, so fewer vote in knn-f1"


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
