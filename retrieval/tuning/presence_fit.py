"""Fit the chance that a first hit is right, and where to say that a place is not in the collection."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluate import precision_recall
from evaluate.bootstrap import resampled_counts
from evaluate.precision_recall import Curve
from rerank.calibration import calibrate
from rerank.calibration_fit import fit_sigmoid
from rerank.chain import Chain
from rerank.ranking import Ranking
from retrieval.tuning.trial import Trial

_RESAMPLES = 2_000


@dataclass(frozen=True, eq=False)
class PresenceFit:
    """Slope and intercept over the first hit's score; all figures are of chances fitted on other places.

    `threshold` has the precision asked for at the largest recall, and is 0 where no threshold has it.
    `present` (Q,) are the chances of the queries, `absent` (Q,) with the query's place left out.
    """

    slope: float
    intercept: float
    threshold: float
    precision: float
    recall: float
    average_precision: float
    interval: tuple[float, float]
    curve: Curve
    present: NDArray[np.float64]
    absent: NDArray[np.float64]


def fit(
    trial: Trial, chain: Chain, answers: Ranking, folds: NDArray[np.int64], precision: float, seed: int
) -> PresenceFit:
    """Ask each query twice: `answers` (Q, K) of `chain`, and again with its place's photographs left out.

    So one query in two shows a place that is not there, and the chances hold for such a mixture. The
    second time any first hit is wrong. Folds (Q,) keep places apart. Source of the fit: Platt, 1999.

    Raises:
        ConfigError: first hits are all wrong, so that there is nothing to tell apart.
    """
    place_rows = [np.union1d(*both) for both in zip(trial.truth.relevant, trial.truth.ignored, strict=True)]
    absent = replace(trial, left_out=place_rows).run(chain)
    right = trial.truth.hits(answers.rows)[:, 0]
    return fit_scores(_first(answers), right, _first(absent), folds, precision, seed)


def fit_scores(
    answered: NDArray[np.float64],
    answered_right: NDArray[np.bool_],
    absent: NDArray[np.float64],
    folds: NDArray[np.int64],
    precision: float,
    seed: int,
) -> PresenceFit:
    """Fit to scores (Q,) of first answers, right or wrong, and to those where the place is `absent` (Q,).

    Raises:
        ConfigError: see `fit`.
    """
    scores = np.concatenate([answered, absent])
    right = np.concatenate([answered_right, np.zeros(len(folds), np.bool_)])
    twice = np.concatenate([folds, folds])
    chances = np.empty(len(scores))
    for fold in range(int(folds.max()) + 1):
        curve = _fitted(scores, right, twice != fold)
        chances[twice == fold] = _chances(scores[twice == fold], curve)
    slope, intercept = _fitted(scores, right, np.ones(len(scores), np.bool_))
    found = precision_recall.curve(chances, right)
    threshold, reached, recall = _decide(found, precision)
    one = np.ones((1, len(scores)))
    return PresenceFit(
        slope,
        intercept,
        threshold,
        reached,
        recall,
        float(precision_recall.average_precision(chances, right, one)[0]),
        _interval(chances, right, seed),
        found,
        *np.split(chances, 2),
    )


def _first(ranking: Ranking) -> NDArray[np.float64]:
    """Give the first hit's score; a query without any is as far off as the worst of the others."""
    scores = ranking.scores[:, 0].astype(np.float64)
    used = ranking.used[:, 0]
    return np.where(used, scores, scores[used].min(initial=0.0))


def _fitted(
    scores: NDArray[np.float64], right: NDArray[np.bool_], chosen: NDArray[np.bool_]
) -> tuple[float, float]:
    return fit_sigmoid(scores[chosen], right[chosen])


def _chances(scores: NDArray[np.float64], curve: Sequence[float]) -> NDArray[np.float64]:
    every = np.ones((1, len(scores)), np.bool_)
    return np.asarray(
        calibrate(scores[None].astype(np.float32), every, "sigmoid", tuple(curve))[0], np.float64
    )


def _decide(found: Curve, precision: float) -> tuple[float, float, float]:
    """Give threshold, precision and recall at the largest recall that has the precision asked for."""
    enough = np.flatnonzero(found.precision >= precision)
    if not len(enough):
        # To call every place absent would be worse than to say nothing: all count as present.
        return 0.0, float(found.precision[-1]), 1.0
    # Thresholds fall, so the last has the largest recall.
    last = enough[-1]
    return float(found.thresholds[last]), float(found.precision[last]), float(found.recall[last])


def _interval(chances: NDArray[np.float64], right: NDArray[np.bool_], seed: int) -> tuple[float, float]:
    """Give the middle 95 % when queries are drawn again, each with both of its answers."""
    rng = np.random.default_rng(seed)
    areas = [
        precision_recall.average_precision(chances, right, np.concatenate([counts, counts], axis=1))
        for counts in resampled_counts(rng, len(chances) // 2, _RESAMPLES)
    ]
    low, high = np.quantile(np.concatenate(areas), [0.025, 0.975])
    return float(low), float(high)
