"""Hold rankings against a truth: figures, groups and coverage in one call."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evaluate.coverage import Coverage, coverage
from evaluate.errors import EvaluationError
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.metrics import parse
from evaluate.metrics.knn_f1 import NUM_VOTES
from evaluate.rankings import Rankings
from evaluate.report import Report, Sampling, score
from evaluate.words import counted

# The column that every truth has: how many images are relevant for a query.
NUM_RELEVANT = "m"
_DEPTH = 100


def evaluate(
    rankings: Rankings,
    ground_truth: GroundTruth,
    metrics: Sequence[Metric | str],
    *,
    sampling: Sampling | None = None,
    by: Sequence[str] = (),
) -> Report:
    """Compute the report of one system.

    Metrics are given as they are or by name. `by` names columns of the queries to group them by; "m" is how
    many images are relevant.

    Raises:
        EvaluationError: the rankings do not fit the truth, a column is not there, a metric needs what is
            not known, or no query counts for it.
    """
    chosen = [parse(metric) if isinstance(metric, str) else metric for metric in metrics]
    return report_of(ground_truth.hold(rankings), ground_truth, chosen, sampling=sampling, by=by)


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
    covered = coverage(
        rows,
        truth.hits(rows) if truth.closes_up else held.outcome.hits,
        held.outcome.num_relevant,
        depth=min(_DEPTH, max(1, rows.shape[1])),
        scores=held.given_scores,
        num_images=truth.num_images,
    )
    return score(
        truth,
        held.outcome,
        metrics,
        sampling=sampling,
        columns=columns(ground_truth, by),
        coverage=covered,
        notes=(*ground_truth.notes, *_notes(held, ground_truth, metrics, covered)),
    )


def _notes(held: Held, known: GroundTruth, metrics: Sequence[Metric], covered: Coverage) -> Iterator[str]:
    """Say what a reader of the figures would ask about these rankings."""
    truth, rows = known.truth, held.given_rows
    counts = (rows >= 0).sum(axis=1)
    own = np.array([known.images.row_of_id.get(name, -2) for name in truth.query_ids], dtype=np.int64)
    num_own = int((rows == own[:, None]).any(axis=1).sum())
    if num_own and not truth.closes_up:
        yield f"{_rankings(num_own)} with the own query, which takes its rank and counts for nothing"
    if truth.closes_up:
        short = int((counts < (truth.num_images or 0)).sum())
        if short:
            yield f"{_rankings(short)} with less than the whole index; what is absent was not found"
    if covered.repeating:
        repeating = _rankings(covered.repeating)
        yield f"{repeating} with a repeated image, which counts once and takes each of its ranks"
    confidences = held.outcome.confidences
    if confidences is not None and any(metric.name == "gap" for metric in metrics):
        values = np.sort(confidences.values[counts > 0])
        tied = int((np.append(False, np.diff(values) == 0) | np.append(np.diff(values) == 0, False)).sum())
        if tied:
            share = counted(tied, "prediction shares its", "predictions share their")
            yield f"{share} confidence with another; gap takes such by query id"
    labels = held.outcome.labels
    if labels is not None and any(metric.name.startswith("knn-f1") for metric in metrics):
        few = int(((labels.neighbours >= 0).sum(axis=1) < NUM_VOTES).sum())
        if few:
            yield f"{_rankings(few)} with fewer than {NUM_VOTES} labelled images, so fewer vote in knn-f1"


def _rankings(count: int) -> str:
    return counted(count, "ranking", "rankings")


def columns(ground_truth: GroundTruth, by: Sequence[str]) -> Mapping[str, Sequence[str] | None]:
    """Look up the columns that queries are grouped by; None stands for the number of relevant images.

    Raises:
        EvaluationError: there is no such column.
    """
    given = dict(ground_truth.columns)
    if any(ground_truth.truth.usages):
        given.setdefault("usage", ground_truth.truth.usages)
    found: dict[str, Sequence[str] | None] = {}
    for name in by:
        if name != NUM_RELEVANT and name not in given:
            known = ", ".join([NUM_RELEVANT, *given])
            raise EvaluationError(
                f"the queries have no column {name!r} to group them by; there are {known} "
                "(a CSV of the queries adds its columns)"
            )
        found[name] = None if name == NUM_RELEVANT else given[name]
    return found
