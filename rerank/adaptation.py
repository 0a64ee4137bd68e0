"""A whitening that a collection gives itself: what differs between its own mutual neighbours counts less."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rerank.matching.threads import one_matrix_thread
from rerank.matching.unit import unit
from rerank.neighbours import mutual_pairs

# Chosen on collections made of train and weak photos (14 places, 452 queries in 6 collections): any of 3 to
# 10 neighbours, shrinkage .15 to .6 and 128 to 1280 numbers gained 11 to 15 points of map@100.
NEIGHBOURS = 5
MIN_SHRINKAGE = 0.3
DIM = 256
# Beyond this many photographs a sample of them says the same.
_SAMPLE = 20_000


@dataclass(frozen=True)
class Adaptation:
    """`unit((vector - mean) @ projection)`; `mean` (D,), `projection` (D, d) float32."""

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Project `vectors` (N, D) to unit vectors (N, d); one that equals the mean stays zero."""
        # A product that the matrix library splits rounds by the number of its threads.
        with one_matrix_thread():
            return unit((vectors - self.mean) @ self.projection)


def fit(vectors: NDArray[np.float32], *, dim: int = DIM, seed: int = 0) -> Adaptation:
    """Fit an adaptation to a collection's `vectors` (N, D), without labels.

    Photographs that are among each other's nearest neighbours mostly show one thing; the directions in
    which they differ are damped (whitening of the within-pair covariance, shrunk towards a multiple of
    the identity, the more so the fewer the pairs) and the `dim` axes of most variance are kept. A
    collection without a mutual pair is only centred and turned.
    Source: ours; the whitening of pairs is that of Mikolajczyk and Matas, ICCV 2007 ("Lw" in Radenović et
    al., TPAMI 2018), with neighbours in place of labels.
    """
    # Two of the matrix library's threads on a core that is busy otherwise stall each other for seconds.
    with one_matrix_thread():
        return _fit(vectors, dim, seed)


def _fit(vectors: NDArray[np.float32], dim: int, seed: int) -> Adaptation:
    mean = (vectors.sum(axis=0, dtype=np.float64) / max(1, len(vectors))).astype(np.float32)
    centred = vectors - mean
    rng = np.random.default_rng(seed)
    asked = np.sort(rng.permutation(len(vectors))[:_SAMPLE]).astype(np.int64)
    pairs = mutual_pairs(unit(centred), asked, NEIGHBOURS)
    differences = (centred[pairs[:, 0]] - centred[pairs[:, 1]]).astype(np.float64)
    whiten = _inverse_root(differences, vectors.shape[1])
    whitened = centred[asked].astype(np.float64) @ whiten
    _, axes = np.linalg.eigh(whitened.T @ whitened)
    kept = axes[:, ::-1][:, : min(dim, vectors.shape[1])]
    return Adaptation(mean, np.ascontiguousarray(whiten @ kept, np.float32))


def _inverse_root(differences: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """Whiten what is covered by `differences` (P, D); where they say nothing, leave it as it is."""
    scatter = float((differences**2).sum())
    if not scatter:
        return np.eye(dim)
    covariance = differences.T @ differences * (dim / scatter)
    # P pairs cannot tell much of D directions: with a fixed shrinkage a hundred photographs lost by it.
    shrinkage = max(MIN_SHRINKAGE, dim / (dim + len(differences)))
    variances, axes = np.linalg.eigh((1 - shrinkage) * covariance + shrinkage * np.eye(dim))
    return np.asarray(axes / np.sqrt(variances))
