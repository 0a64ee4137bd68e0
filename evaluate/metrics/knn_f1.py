"""knn-f1: classify each query by a vote of its five nearest labelled images, and take the macro F1."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from evaluate.arrays import FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.labels import Labels
from evaluate.metric import Metric, check_weights, refuse_k
from evaluate.outcome import Outcome

Tie = Literal["largest", "nearest"]
NUM_VOTES = 5
_NOBODY = -1
_DEPTH = 100


@dataclass(frozen=True)
class NeighbourVoteF1:
    """The majority among the first five labelled neighbours is the predicted class.

    Images without a label have no vote, the next labelled one in the ranking votes instead. `tie` says
    who wins with equally many votes: the largest label (as `evaluate.labels.ascending_labels` orders
    them; the study behind our tables did so) or the label of the nearest neighbour among the tied.
    The name tells the two apart.

    The figure is the unweighted mean of F1 = 2 TP / (2 TP + FP + FN) over the classes that occur in
    truth or prediction. A query without a labelled neighbour is a false negative of its class and a
    false positive of none: no real class was predicted, and inventing one would lower the mean twice.
    Source: ours; equal to scikit-learn's f1_score(average="macro") on the same votes.
    """

    tie: Tie = "largest"

    # A hundred are enough to ask for; of a longer ranking all count, where few images have a label. F1
    # weighs classes, not queries.
    depth: ClassVar[int | None] = _DEPTH
    is_mean: ClassVar[bool] = False
    lower_is_better: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.tie not in get_args(Tie):
            raise ValueError(f"tie must be one of {', '.join(get_args(Tie))}, got {self.tie!r}")

    @property
    def name(self) -> str:
        """`knn-f1`, with `-nearest` behind it where ties go to the nearest."""
        return "knn-f1" if self.tie == "largest" else f"knn-f1-{self.tie}"

    def predictions(self, outcome: Outcome) -> IntArray:
        """Vote for each query, (Q,): a code of `outcome.labels.names`, -1 where nobody votes."""
        votes = self._labels(outcome).voters[:, :NUM_VOTES]
        votes = np.pad(votes, ((0, 0), (0, NUM_VOTES - votes.shape[1])), constant_values=_NOBODY)
        counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
        counts[votes == _NOBODY] = 0
        if self.tie == "largest":
            # The larger code decides between equal counts: codes are below codes.max() + 1.
            counts = counts * (votes.max(initial=0) + 1) + votes
        # argmax takes the first of equals, and votes stand nearest first.
        return np.take_along_axis(votes, counts.argmax(axis=1)[:, None], axis=1)[:, 0]

    def per_query(self, outcome: Outcome) -> FloatArray:
        """Give each query 1 where the vote is right, else 0, (Q,); F1 itself has no value for one query."""
        return np.asarray(self.predictions(outcome) == self._labels(outcome).queries, dtype=np.float64)

    def figure(self, outcome: Outcome, weights: FloatArray) -> FloatArray:
        """Compute F1 from the weighted counts of each row of `weights` (R, Q)."""
        check_weights(outcome, weights)
        actual, predicted, num_classes = _renumber(self._labels(outcome).queries, self.predictions(outcome))
        right = np.where(predicted == actual, actual, _NOBODY)
        true_positives = _sum_by_class(weights, right, num_classes)
        # 2 TP + FP + FN: how often a class occurs in the truth, and how often in the predictions.
        occurrences = _sum_by_class(weights, actual, num_classes)
        occurrences += _sum_by_class(weights, predicted, num_classes)
        f1 = np.divide(2 * true_positives, occurrences, out=np.zeros_like(occurrences), where=occurrences > 0)
        return np.asarray(f1.sum(axis=1) / (occurrences > 0).sum(axis=1))

    def _labels(self, outcome: Outcome) -> Labels:
        if outcome.labels is None:
            raise EvaluationError(
                f"{self.name} needs the labels of the queries and of the database; "
                "give them, or choose a metric that does without"
            )
        return outcome.labels


def build(k: int | None) -> Metric:
    """Make the metric with its five votes; it takes no k."""
    refuse_k("knn-f1", k)
    return NeighbourVoteF1()


def _renumber(actual: IntArray, predicted: IntArray) -> tuple[IntArray, IntArray, int]:
    # Codes count all labels of the database; only the few that occur here get a column.
    classes, codes = np.unique(np.concatenate([actual, predicted]), return_inverse=True)
    num_absent = int((classes == _NOBODY).sum())
    codes = codes.reshape(2, -1) - num_absent
    return codes[0], codes[1], classes.size - num_absent


def _sum_by_class(weights: FloatArray, classes: IntArray, num_classes: int) -> FloatArray:
    """Add up the columns of `weights` (R, Q) by class, (R, num_classes); class -1 goes nowhere."""
    # The product with a one-hot matrix without its zeros: R x Q steps however many classes there are,
    # where the dense product takes R x Q x num_classes.
    sums = np.zeros((weights.shape[0], num_classes))
    order = np.argsort(classes, kind="stable")[(classes == _NOBODY).sum() :]
    if order.size:
        present, starts = np.unique(classes[order], return_index=True)
        sums[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    return sums
