"""Local descriptors of one photograph, and of many packed into flat arrays with offsets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POINT_COLUMNS = ("x", "y", "scale", "angle")


@dataclass(frozen=True)
class Features:
    """One photograph's local descriptors; keypoints are strongest first, others as their kind lays them.

    `points` (M, 4) float32: x, y and diameter in pixels of the original upright photograph (the centre
    of its first pixel is 0, 0), angle in degrees; (M, 0) for descriptors that lie nowhere in particular,
    such as one of the whole photograph. `descriptors` (M, D); `scores` (M,) float32.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.generic]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.points.shape not in ((count, len(POINT_COLUMNS)), (count, 0)):
            raise ValueError(f"points must be (M, 4) or (M, 0), got {self.points.shape}")
        if self.descriptors.ndim != 2 or len(self.descriptors) != count or self.scores.shape != (count,):
            raise ValueError(
                f"{count} points need as many descriptors and scores, got {self.descriptors.shape}, "
                f"{self.scores.shape}"
            )

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class PackedFeatures:
    """Features of n photographs: those of photograph i lie at `offsets[i]:offsets[i + 1]` (n + 1,) int64."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.generic]
    scores: NDArray[np.float32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, photo: int) -> Features:
        part = slice(self.offsets[photo], self.offsets[photo + 1])
        return Features(self.points[part], self.descriptors[part], self.scores[part])


def pack(features: Sequence[Features]) -> PackedFeatures:
    """Lay the features of several photographs behind each other, copied.

    Raises:
        ValueError: there is none, so that the width of a descriptor is not known.
    """
    if not features:
        raise ValueError("pack needs the features of at least one photograph; an empty set still has a width")
    counts = [len(one) for one in features]
    return PackedFeatures(
        points=np.concatenate([one.points for one in features]),
        descriptors=np.concatenate([one.descriptors for one in features]),
        scores=np.concatenate([one.scores for one in features]),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )
