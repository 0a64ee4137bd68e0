"""superglobal: candidates and query take in what their nearest among the candidates show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from rerank.calibration import Calibration
from rerank.fusion import Fusion, fuse
from rerank.matching.threads import one_matrix_thread
from rerank.matching.unit import unit
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking


@dataclass(frozen=True)
class Config:
    """Neighbours `k` of each candidate and the weight `beta` of a neighbour, both the paper's.

    The paper's M, 400, is the chain's `top`. v weighs the score that a candidate comes with; 0 gives the
    paper's order.
    """

    k: int = 9
    beta: float = 0.15
    v: float = 0.0
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"superglobal.k must be at least 1, got {self.k}")
        if not 0.0 <= self.beta <= 1.0:
            raise ConfigError(f"superglobal.beta must be between 0 and 1, got {self.beta}")
        Fusion(self.v, self.calibration, self.curve)


def build(config: Config) -> "Superglobal":
    """Give the re-ranker."""
    return Superglobal(config)


class Superglobal:
    """Adds the columns `local` (the mean of the two scores) and `refined` and `expanded`, the scores.

    A candidate's refined vector is the mean of its own, of weight 1, and those of its `k` nearest
    candidates, of weight `beta` x cosine. `refined` is its product with the query, `expanded` that with the
    largest values, dimension by dimension, of the k + 1 candidates that `refined` puts first. Unlike the
    paper's program, vectors are scaled to unit length first and a cosine below 0 gives no weight.
    The cost is the product of all candidates' vectors with each other, on one core: the result is the same
    to the bit for every number of threads.
    Source: Shao et al., ICCV 2023, section 4, after ShihaoShao-GH/SuperGlobal.
    """

    needs: frozenset[str] = frozenset()

    def __init__(self, config: Config) -> None:
        self._config = config

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Order the candidates by v x score + (1 - v) x mean of both scores."""
        refined = np.full(ranking.rows.shape, np.nan, np.float32)
        expanded = np.full(ranking.rows.shape, np.nan, np.float32)
        for place in range(len(queries)):
            used = ranking.used[place]
            if not used.any():
                continue
            # Equal scores rank by row, so that the order in which candidates come does not matter.
            rows = np.sort(ranking.rows[place, used])
            query, vectors = unit(queries.vectors[place : place + 1])[0], unit(database.vectors(rows))
            back = np.searchsorted(rows, ranking.rows[place, used])
            with one_matrix_thread():
                both = _scores(query, vectors, self._config)
            refined[place, used], expanded[place, used] = both[0][back], both[1][back]
        fusion = Fusion(self._config.v, self._config.calibration, self._config.curve)
        columns = {"refined": refined, "expanded": expanded}
        return fuse(ranking.with_columns(columns), (refined + expanded) / np.float32(2), fusion)


def _scores(
    query: NDArray[np.float32], vectors: NDArray[np.float32], config: Config
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give both scores (n,) of candidates with `vectors` (n, D); only the first few are ever refined."""
    weights = _weights(vectors, config)
    # A product with a mean of vectors is the mean of the products with them.
    refined = weights @ (vectors @ query)
    first = np.argsort(-refined, kind="stable")[: config.k + 1]
    largest = (weights[first] @ vectors).max(axis=0)
    return refined, weights @ (vectors @ largest)


def _weights(vectors: NDArray[np.float32], config: Config) -> NDArray[np.float32]:
    """Give what each candidate takes of all (n, n), rows that sum to 1; of equally near ones it takes all."""
    cosines = vectors @ vectors.T
    # Each is its own nearest, before any that equals it.
    np.fill_diagonal(cosines, 2)
    last = max(0, len(vectors) - config.k - 1)
    least = np.partition(cosines, last, axis=1)[:, last, None]
    weights = np.where(cosines >= least, config.beta * np.maximum(cosines, 0), np.float32(0))
    np.fill_diagonal(weights, 1)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
