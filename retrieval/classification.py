"""A vote of nearest neighbours: which label a photograph has, and whether it has any that is known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.labelled_vectors import LabelledVectors

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Neighbour:
    """A labelled photograph of the space and its Euclidean distance from the one that is asked."""

    id: str
    label: str
    distance: float


@dataclass(frozen=True)
class Classification:
    """What the nearest photographs say of one: `label` has most votes, among equals it is the nearest.

    `distance` is that of the nearest photograph with this label. `chance` is that of the label being
    right, None in a space without a calibration for so many neighbours; below `threshold` the photograph
    counts as unknown.
    """

    label: str
    distance: float
    votes: Mapping[str, int]
    neighbours: tuple[Neighbour, ...]
    chance: float | None = None
    threshold: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the label counts; without a calibration it always does."""
        return self.chance is None or self.chance >= self.threshold

    @property
    def answer(self) -> str:
        """The label, or `unknown`."""
        return self.label if self.is_known else UNKNOWN


def answers(
    known: LabelledVectors,
    vectors: NDArray[np.float32],
    k: int,
    left_out: Sequence[NDArray[np.int64]] | None = None,
) -> list[Classification]:
    """Let the `k` nearest of `known` to each of `vectors` (Q, D) vote; see `LabelledVectors.nearest`.

    Raises:
        ValueError: for one of them nobody is left.
    """
    places, distances = known.nearest(vectors, k, left_out)
    return [
        vote(
            [
                Neighbour(known.ids[place], known.labels[place], float(distance))
                for place, distance in zip(*line, strict=True)
                if place >= 0
            ]
        )
        for line in zip(places.tolist(), distances.tolist(), strict=True)
    ]


def vote(neighbours: Sequence[Neighbour]) -> Classification:
    """Let `neighbours`, nearest first, vote.

    Raises:
        ValueError: there is none.
    """
    if not neighbours:
        raise ValueError("nobody votes: there must be at least one neighbour")
    # Counter keeps the order of first sight, and sorted is stable: the nearest of equals comes first.
    counted = Counter(one.label for one in neighbours)
    votes = dict(sorted(counted.items(), key=lambda item: -item[1]))
    label = next(iter(votes))
    distance = next(one.distance for one in neighbours if one.label == label)
    return Classification(label, distance, votes, tuple(neighbours))
