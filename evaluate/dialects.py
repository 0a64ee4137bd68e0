"""What other programs call mAP@k: the same list, another divisor or another area, each with a name."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluate.arrays import FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.metric import MeanMetric, Metric, require_relevant
from evaluate.outcome import Outcome
from evaluate.revisited import trapezoids

Divisor = Literal["findable", "relevant", "found"]
Area = Literal["rectangle", "trapezoid"]


@dataclass(frozen=True)
class Dialect:
    """One way to compute average precision over the first k results, of which m are relevant in all.

    `divides_by` is min(m, k) ("findable"), m ("relevant") or the number of hits within k ("found");
    `area` is what a hit adds: P(i) as a rectangle, or the mean of the precisions before and behind it as
    a trapezoid. `used_by` are programs that were run or read and gave these very numbers.
    """

    name: str
    divides_by: Divisor
    area: Area
    used_by: tuple[str, ...]
    description: str

    def average_precision(self, outcome: Outcome, k: int) -> FloatArray:
        """Compute it over the first `k` results for each query, (Q,), 0 where nothing is found.

        Raises:
            EvaluationError: a query has no relevant image.
        """
        require_relevant(outcome, f"map@{k}:{self.name}")
        hits = outcome.hits[:, :k]
        ranks = np.broadcast_to(np.arange(hits.shape[1]), hits.shape)
        if self.area == "trapezoid":
            areas = trapezoids(hits, ranks)
        else:
            areas = np.cumsum(hits, axis=1) / (ranks + 1) * hits
        return np.asarray(areas.sum(axis=1) / self._divisor(outcome.num_relevant, hits.sum(axis=1), k))

    def _divisor(self, num_relevant: IntArray, num_found: IntArray, k: int) -> IntArray:
        if self.divides_by == "findable":
            return np.minimum(num_relevant, k)
        if self.divides_by == "relevant":
            return num_relevant
        # Nothing found: 0 / 1.
        return np.maximum(num_found, 1)


GLDV2 = Dialect(
    "gldv2",
    "findable",
    "rectangle",
    ("Google Landmarks (tensorflow/models, delf)", "Kaggle's mapk (ml_metrics)"),
    "the sum over hits of P(i) by min(m, k): what map@K is here; a perfect list scores 1",
)

DIALECTS = (
    GLDV2,
    Dialect(
        "trec",
        "relevant",
        "rectangle",
        ("trec_eval map_cut", "ranx map@k", "pytorch-metric-learning mean_average_precision"),
        "the sum over hits of P(i) by m: a query with m > k cannot reach 1",
    ),
    Dialect(
        "found",
        "found",
        "rectangle",
        (
            "torchmetrics RetrievalMAP",
            "open-metric-learning calc_map",
            "scikit-learn average_precision_score on the first k",
        ),
        "the sum over hits of P(i) by the hits within k: what is not found costs nothing, one more hit can",
    ),
    Dialect(
        "trapezoid",
        "relevant",
        "trapezoid",
        ("cirtorch compute_map on the first k",),
        "the trapezoid area of revisited Oxford and Paris by m, over the first k",
    ),
)


def names() -> tuple[str, ...]:
    """List the dialects."""
    return tuple(dialect.name for dialect in DIALECTS)


def build(k: int, name: str) -> Metric:
    """Make the metric map@K of the first `k` results in the dialect `name`, called "map@100:trec".

    Raises:
        EvaluationError: there is no such dialect.
    """
    chosen = next((dialect for dialect in DIALECTS if dialect.name == name), None)
    if chosen is None:
        raise EvaluationError(f"there is no dialect {name!r} of map@{k}; there are {', '.join(names())}")
    return MeanMetric(f"map@{k}:{name}", lambda outcome: chosen.average_precision(outcome, k), k)
