"""Compare files of rankings on the same queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluate import metrics
from evaluate.comparison import Comparison, Difference
from evaluate.comparison import compare as compare_held
from evaluate.ground_truth import GroundTruth, Held
from evaluate.ranking_files import read_rankings
from evaluate.report import Sampling
from evaluate.reporting.comparison import comparison_document
from evaluate.reporting.document import Document
from retrieval.evaluate_rankings import default_metric, picture_files, truth_for
from retrieval.evaluated import file_facts, versions
from retrieval.thumbnails import thumbnails

# A margin that is met to the last digit but one is met.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Compared:
    """A comparison, the rankings behind it by system, and what produced it."""

    comparison: Comparison
    known: GroundTruth
    systems: Mapping[str, Held]
    facts: Mapping[str, str | int | float]


def compare(
    rankings: Sequence[str],
    truth: str,
    metric_name: str | None,
    sampling: Sampling,
    *,
    queries: str | None = None,
    index: str | None = None,
) -> Compared:
    """Read rankings and compare each with the first.

    Raises:
        EvaluationError: a file is unfit, the files do not fit each other, or the metric is unknown.
    """
    metric = metrics.parse(metric_name or default_metric(truth))
    read = [read_rankings(file) for file in rankings]
    known = truth_for(read, truth, queries, index)
    systems = {file: known.hold(one) for file, one in zip(rankings, read, strict=True)}
    comparison = compare_held(list(systems.items()), known, metric, sampling=sampling)
    given = {"truth": truth, "queries": queries, "index": index}
    files = {f"system {number}": file for number, file in enumerate(rankings, start=1)}
    files |= {name: file for name, file in given.items() if file is not None}
    facts = {**file_facts(files), **versions(), "intervals": sampling.sentence()}
    return Compared(comparison, known, systems, facts)


def worse(comparison: Comparison, margin: float) -> list[Difference]:
    """List the systems that are worse than the baseline by more than `margin`, in units of the figure."""
    return [one for one in comparison.differences if comparison.loss_of(one) > margin + _ROUNDING]


def document(done: Compared, photos: Sequence[str]) -> Document:
    """Build the report of a comparison, with pictures from the lists or folders `photos`.

    Raises:
        PhotosError: a list of photographs is unfit.
        EvaluationError: two of them mean different photographs by one id.
    """
    files = picture_files(photos)
    return comparison_document(
        done.comparison, done.known, done.systems, done.facts, thumbnails(files, files)
    )
