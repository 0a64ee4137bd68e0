"""Shortlists with both scores side by side, so that any v and calibration is a few array operations away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.truth import Truth
from rerank.calibration import Calibration
from rerank.calibration_fit import fit
from rerank.fusion import Fusion, fused_scores
from rerank.ranking import Ranking


@dataclass(frozen=True, eq=False)
class Shortlists:
    """For Q queries and H candidates: `scores` they come with, `local` ones and where they are `used`.

    `hits` (Q, W) marks what is correct, the candidates first, then what stands below the shortlist.
    """

    scores: NDArray[np.float32]
    local: NDArray[np.float32]
    used: NDArray[np.bool_]
    hits: NDArray[np.bool_]
    num_relevant: NDArray[np.int64]
    depth: int

    @classmethod
    def of(cls, unfused: Ranking, base: Ranking, truth: Truth, depth: int) -> "Shortlists":
        """Judge the candidates of `unfused`, which holds the column `local`, ahead of the rest of `base`."""
        whole = base.with_head(unfused)
        local = np.where(unfused.used, unfused.columns["local"], 0).astype(np.float32)
        hits = truth.hits(whole.rows)
        return cls(unfused.scores, local, unfused.used, hits, truth.num_relevant, depth)

    def values(self, fusion: Fusion, metric: Metric) -> NDArray[np.float64]:
        """Score each query with these weights, (Q,)."""
        width = self.used.shape[1]
        hits = self.hits.copy()
        if fusion.v < 1.0:
            fused = fused_scores(self.scores, self.local, self.used, fusion)
            # Stable, as a ranking is ordered; what is not used stays where it is, behind.
            order = np.argsort(np.where(self.used, -fused, np.inf), axis=1, kind="stable")
            hits[:, :width] = np.take_along_axis(self.hits[:, :width], order, axis=1)
        return judged(hits[:, : self.depth], self.num_relevant, metric)

    def curve(self, kind: Calibration, queries: NDArray[np.bool_]) -> tuple[float, ...]:
        """Fit what `kind` needs on the candidates of these `queries` (Q,).

        Raises:
            ConfigError: there is too little to fit.
        """
        used = self.used & queries[:, None]
        return fit(kind, self.local[used], self.hits[:, : self.used.shape[1]][used])


def judged(hits: NDArray[np.bool_], num_relevant: NDArray[np.int64], metric: Metric) -> NDArray[np.float64]:
    """Score each query by its `hits` (Q, K), (Q,); every place counts as answered."""
    answers = np.full(len(hits), hits.shape[1], np.int64)
    return metric.per_query(Outcome(hits, num_relevant, answers))
