"""knn-f1-nearest: as knn-f1, but a tie of votes goes to the nearest of the tied labels."""

from evaluate.metric import Metric, refuse_k
from evaluate.metrics.knn_f1 import NeighbourVoteF1


def build(k: int | None) -> Metric:
    """Make the metric with its five votes; it takes no k."""
    refuse_k("knn-f1-nearest", k)
    return NeighbourVoteF1(tie="nearest")
