"""Whitening: a projection that is fitted once on photographs that are neither query nor index."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import tensor_file
from extract.errors import ConfigError, WeightsError

# Below this share of the largest variance an axis holds the rounding of float32 vectors and nothing else.
_MIN_VARIANCE = 1e-12


@dataclass(frozen=True)
class Whitening:
    """`(vector - mean) @ projection`; `projection` (D, dim), `provenance` says what it came from."""

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]
    provenance: Mapping[str, str]

    @property
    def dim(self) -> int:
        """Length of a whitened vector."""
        return int(self.projection.shape[1])

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Project `vectors` (N, D) to (N, dim); the caller normalises."""
        return np.asarray((vectors - self.mean) @ self.projection, dtype=np.float32)

    def write(self, path: Path) -> None:
        """Save as safetensors, replaced whole.

        Raises:
            WeightsError: the file cannot be written.
        """
        tensors = {"mean": self.mean, "projection": self.projection}
        tensor_file.write(path, tensors, self.provenance)

    @classmethod
    def read(cls, path: Path, input_dim: int) -> "Whitening":
        """Load a whitening for vectors of length `input_dim`.

        Raises:
            WeightsError: the file is absent or is no whitening.
            ConfigError: it was fitted on vectors of another length.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                mean, projection = file.get_tensor("mean"), file.get_tensor("projection")
                provenance = file.metadata() or {}
        except (OSError, SafetensorError) as error:
            raise WeightsError(
                f"{str(path)!r} is not a whitening ({error}); `retrieve fit-whitening` writes one"
            ) from error
        if projection.ndim != 2 or mean.shape != projection.shape[:1]:
            raise WeightsError(
                f"{str(path)!r} is not a whitening (its tensors are {mean.shape} and {projection.shape}); "
                "`retrieve fit-whitening` writes one"
            )
        if projection.shape[0] != input_dim:
            raise ConfigError(
                f"the whitening {str(path)!r} takes vectors of {projection.shape[0]} numbers, "
                f"the network gives {input_dim}; fit it again with this recipe"
            )
        return cls(mean.astype(np.float32), projection.astype(np.float32), provenance)


def fit_pca(vectors: NDArray[np.float32], dim: int, shrinkage: float) -> Whitening:
    """Fit PCA whitening on `vectors` (N, D).

    Eigenvalues are drawn towards their mean by `shrinkage` in [0, 1] before their roots divide the axes:
    0 is the plain kind, which blows up noise, 1 only rotates and cuts.
    Source: Jégou and Chum, Negative evidences and co-occurrences, ECCV 2012; shrinkage as in Ledoit and
    Wolf, 2004, with a given weight.

    Raises:
        ConfigError: `dim` is larger than what N vectors of length D span, or an axis does not vary at all.
    """
    _check(vectors, dim, shrinkage)
    mean = vectors.mean(axis=0, dtype=np.float64)
    covariance = np.cov(vectors.astype(np.float64), rowvar=False)
    variances, axes = np.linalg.eigh(covariance)
    order = np.argsort(variances)[::-1][:dim]
    shrunk = (1 - shrinkage) * variances[order] + shrinkage * variances.mean()
    projection = axes[:, order] / _roots(shrunk, variances.max())
    provenance = {"kind": "pca", "shrinkage": str(shrinkage), "photos": str(len(vectors))}
    return Whitening(mean.astype(np.float32), projection.astype(np.float32), provenance)


def fit_labelled(
    vectors: NDArray[np.float32], labels: Sequence[str], dim: int, shrinkage: float
) -> Whitening:
    """Fit whitening of the within-class covariance, then keep the `dim` axes of most variance.

    What differs between photographs of one place is damped, what differs between places stays. The
    within-class covariance is drawn towards a multiple of the identity by `shrinkage`.
    Source: Mikolajczyk and Matas, Improving descriptors for fast tree matching, ICCV 2007 ("Lw" in
    Radenović et al., TPAMI 2018), with shrinkage.

    Raises:
        ConfigError: no label has two vectors, `dim` is too large, or an axis does not vary within labels
            and `shrinkage` is 0.
    """
    names, codes, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    usable = counts[codes] >= 2
    if not usable.any():
        raise ConfigError("a labelled whitening needs labels with two photographs or more; there are none")
    _check(vectors, dim, shrinkage)
    values = vectors.astype(np.float64)
    centres = np.zeros((len(names), values.shape[1]))
    np.add.at(centres, codes, values)
    centres /= counts[:, None]
    residuals = (values - centres[codes])[usable]
    within = residuals.T @ residuals / len(residuals)
    identity = np.eye(len(within)) * np.trace(within) / len(within)
    variances, axes = np.linalg.eigh((1 - shrinkage) * within + shrinkage * identity)
    whiten = axes / _roots(variances, variances.max())
    mean = values.mean(axis=0)
    spread, directions = np.linalg.eigh(np.cov((values - mean) @ whiten, rowvar=False))
    projection = whiten @ directions[:, np.argsort(spread)[::-1][:dim]]
    provenance = {
        "kind": "labelled",
        "shrinkage": str(shrinkage),
        "photos": str(len(vectors)),
        "labels": json.dumps(len(names)),
    }
    return Whitening(mean.astype(np.float32), projection.astype(np.float32), provenance)


def _roots(variances: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
    if variances.min() <= _MIN_VARIANCE * largest:
        raise ConfigError(
            f"{int((variances <= _MIN_VARIANCE * largest).sum())} of the axes do not vary between these "
            "photographs; raise --shrinkage, lower --dim or give more photographs"
        )
    return np.asarray(np.sqrt(variances))


def _check(vectors: NDArray[np.float32], dim: int, shrinkage: float) -> None:
    most = min(len(vectors) - 1, vectors.shape[1])
    if not 1 <= dim <= most:
        raise ConfigError(
            f"--dim must be between 1 and {most} for {len(vectors)} photographs with vectors of "
            f"{vectors.shape[1]} numbers, got {dim}"
        )
    if not 0.0 <= shrinkage <= 1.0:
        raise ConfigError(f"--shrinkage must be between 0 and 1, got {shrinkage}")
    if not np.isfinite(vectors).all():
        raise ValueError("vectors hold NaN or infinity")
