"""A projection of positions of a feature map to fewer numbers: PCA, fitted once on other photographs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import fitted
from extract.descriptor_values import at_length_one
from extract.errors import ConfigError, WeightsError
from extract.fitted import Note


@dataclass(frozen=True)
class Projection:
    """`(vector - mean) @ axes`, at length one again; `axes` (C, dim) are orthonormal columns."""

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    note: Note
    path: str = ""

    @property
    def dim(self) -> int:
        """Length of a projected vector."""
        return int(self.axes.shape[1])

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Project `vectors` (N, C) of length one to (N, dim) of length one; zero vectors stay zero."""
        projected = at_length_one((vectors - self.mean) @ self.axes)
        projected[~vectors.any(axis=1)] = 0.0
        return projected

    def write(self, path: Path) -> None:
        """Save as safetensors.

        Raises:
            WeightsError: the file cannot be written.
        """
        fitted.write(path, {"mean": self.mean, "axes": self.axes}, self.note)

    @classmethod
    def read(cls, path: Path) -> "Projection":
        """Load a projection.

        Raises:
            WeightsError: the file is absent or is no projection.
        """
        tensors, note = fitted.read(path, ("mean", "axes"))
        mean, axes = tensors["mean"], tensors["axes"]
        if axes.ndim != 2 or mean.shape != axes.shape[:1]:
            raise WeightsError(
                f"{str(path)!r} is no projection (its tensors have the shapes {mean.shape} and {axes.shape})"
            )
        return cls(mean, axes, note, str(path))


def fit(vectors: NDArray[np.float32], dim: int, note: Note) -> Projection:
    """Fit PCA on `vectors` (N, C): the `dim` directions of largest variance, which are not whitened.

    The sign of an axis is chosen so that its largest entry is positive, and runs repeat.

    Raises:
        ConfigError: `dim` is larger than what N vectors of length C span.
    """
    most = min(len(vectors) - 1, vectors.shape[1])
    if not 1 <= dim <= most:
        raise ConfigError(
            f"--dim must be between 1 and {most} for {len(vectors)} descriptors of {vectors.shape[1]} "
            f"numbers, got {dim}"
        )
    mean = vectors.mean(axis=0, dtype=np.float64)
    covariance = np.cov(vectors.astype(np.float64), rowvar=False)
    variances, axes = np.linalg.eigh(np.atleast_2d(covariance))
    axes = axes[:, np.argsort(variances)[::-1][:dim]]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dim)])
    return Projection(mean.astype(np.float32), axes.astype(np.float32), note)
