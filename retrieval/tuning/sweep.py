"""Every v and calibration of one chain on one number of candidates; the best ones, fold by fold."""

import logging
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluate.metric import Metric
from extract.errors import ConfigError
from rerank.calibration import FITTED, Calibration
from rerank.fusion import Fusion, fuse
from rerank.ranking import Ranking
from retrieval.tuning.shortlists import Shortlists, judged
from retrieval.tuning.steps import Candidate, Step
from retrieval.tuning.trial import Trial

logger = logging.getLogger(__name__)

# From little to much said by the local score: of equal settings the first is taken.
WEIGHTS = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
# From simple to fitted, and last those that look at a shortlist alone: after them the scores of two queries
# no longer compare, which saying that a place is not in the collection needs.
CALIBRATIONS: tuple[Calibration, ...] = ("none", "sigmoid", "isotonic", "minmax", "zscore")
# The steps ahead of the last one, beside their own v.
LEADING_WEIGHTS = (0.8, 0.5, 0.2)


@dataclass(frozen=True)
class Setting:
    """What is searched: the weights, without what a calibration fits."""

    leading_v: float | None = None
    v: float | None = None
    calibration: Calibration = "none"


@dataclass(frozen=True, eq=False)
class Swept:
    """A chain on `top` candidates, its settings chosen by F folds.

    `settings[f]` is best without fold f, `settings[F]` best of all; `values[f]` (F + 1, Q) are the queries'
    scores with it, its curve fitted without fold f too. `v_values` (V, Q) are those of every v of
    `v_weights` at the last setting's calibration, each query's curve fitted without its own fold.
    """

    candidate: Candidate
    top: int
    settings: tuple[Setting, ...]
    curve: tuple[float, ...]
    values: NDArray[np.float64]
    v_weights: tuple[float, ...]
    v_values: NDArray[np.float64]

    def tuned(self) -> Candidate:
        """Give the chain with the setting that was best on all queries."""
        setting = self.settings[-1]
        steps = [_leading(step, setting.leading_v) for step in self.candidate.steps[:-1]]
        for last in self.candidate.steps[-1:]:
            if setting.v is not None:
                last = last.with_fusion(Fusion(setting.v, setting.calibration, self.curve))
            steps.append(last)
        return Candidate(tuple(steps))


def sweep(trial: Trial, candidate: Candidate, top: int, folds: NDArray[np.int64], metric: Metric) -> Swept:
    """Try every setting of `candidate` on the first `top` places; `folds` (Q,) numbers each query's fold.

    Raises:
        RetrieveError: the chain cannot be run on this collection.
    """
    num_folds = int(folds.max()) + 1
    if not candidate.steps or not trial.is_fused_plainly(candidate.steps[-1]):
        values = _unchanged(trial, candidate, top, metric)
        same = np.repeat(values[None], num_folds + 1, axis=0)
        return Swept(candidate, top, (Setting(),) * (num_folds + 1), (), same, (), np.zeros((0, len(folds))))
    masks = [folds != fold for fold in range(num_folds)] + [np.ones(len(folds), np.bool_)]
    shortlists = {v: _shortlists(trial, candidate, top, v) for v in _leading_weights(trial, candidate)}
    weights = sorted({*WEIGHTS, candidate.steps[-1].fusion.v} - {1.0}, reverse=True)
    settings: list[Setting] = []
    scored: list[NDArray[np.float64]] = []
    for leading_v, lists in shortlists.items():
        for calibration in CALIBRATIONS:
            curves = _curves(lists, calibration, masks)
            for v in weights if curves else ():
                settings.append(Setting(leading_v, v, calibration))
                scored.append(_values(lists, settings[-1], curves, metric))
    chosen = [
        _simplest(settings, np.stack([values[f, mask] for values in scored])) for f, mask in enumerate(masks)
    ]
    final = settings[chosen[-1]]
    lists = shortlists[final.leading_v]
    curves = _curves(lists, final.calibration, masks)
    at = np.arange(len(folds))
    shown = (1.0, *weights)
    return Swept(
        candidate,
        top,
        tuple(settings[place] for place in chosen),
        curves[-1],
        np.stack([scored[place][f] for f, place in enumerate(chosen)]),
        shown,
        np.stack([_values(lists, replace(final, v=v), curves, metric)[folds, at] for v in shown]),
    )


def _simplest(settings: list[Setting], values: NDArray[np.float64]) -> int:
    """Give the place of the best of the first calibration that is within one standard error of the best.

    `values` (S, Q) are the queries' scores; the error is that of the difference, query by query.
    """
    means = values.mean(axis=1)
    best = int(np.argmax(means))
    for calibration in CALIBRATIONS:
        own = [place for place, setting in enumerate(settings) if setting.calibration == calibration]
        place = max(own, key=lambda place: means[place], default=best)
        lost = values[best] - values[place]
        if own and lost.mean() <= lost.std() / np.sqrt(len(lost)):
            return place
    return best


def _values(
    lists: Shortlists, setting: Setting, curves: list[tuple[float, ...]], metric: Metric
) -> NDArray[np.float64]:
    """Score each query with each of `curves`, (F + 1, Q)."""
    if setting.v is None:
        raise ValueError("a sweep sets v")
    # Without anything fitted, all lines are the same one.
    distinct = {curve: Fusion(setting.v, setting.calibration, curve) for curve in curves}
    values = {curve: lists.values(fusion, metric) for curve, fusion in distinct.items()}
    return np.stack([values[curve] for curve in curves])


def _curves(
    lists: Shortlists, calibration: Calibration, masks: list[NDArray[np.bool_]]
) -> list[tuple[float, ...]]:
    """Fit the calibration once for each of `masks`; an empty list where that cannot be done."""
    if calibration not in FITTED:
        return [()] * len(masks)
    try:
        return [lists.curve(calibration, mask) for mask in masks]
    except ConfigError as error:
        logger.info("the calibration %s is left out: %s", calibration, error)
        return []


def _leading_weights(trial: Trial, candidate: Candidate) -> tuple[float | None, ...]:
    """Give the weights that are tried for the steps ahead of the last; None leaves them their own."""
    leading = candidate.steps[:-1]
    searched = (
        leading
        and all(step.build().needs and trial.is_fused_plainly(step) for step in leading)
        and trial.is_pairwise(candidate.steps[-1])
    )
    return (None, *LEADING_WEIGHTS) if searched else (None,)


def _shortlists(trial: Trial, candidate: Candidate, top: int, leading_v: float | None) -> Shortlists:
    head = _ahead(trial, candidate, top, leading_v)
    last = candidate.steps[-1]
    unfused = trial.evidence(last, head.top(last.top or top))
    return Shortlists.of(unfused, trial.base.with_head(head), trial.truth, trial.depth)


def _ahead(trial: Trial, candidate: Candidate, top: int, leading_v: float | None) -> Ranking:
    """Run the steps ahead of the last."""
    head = trial.base.top(top)
    for step in candidate.steps[:-1]:
        part = head.top(step.top or top)
        if trial.is_fused_plainly(step):
            unfused = trial.evidence(step, part)
            part = fuse(unfused, unfused.columns["local"], _leading(step, leading_v).fusion)
        else:
            part = trial.apply(step, part)
        head = head.with_head(part)
    return head


def _leading(step: Step, v: float | None) -> Step:
    return step if v is None or not step.is_fused else step.with_fusion(replace(step.fusion, v=v))


def _unchanged(trial: Trial, candidate: Candidate, top: int, metric: Metric) -> NDArray[np.float64]:
    """Score each query with the chain as it is."""
    ranking = trial.base
    if candidate.steps:
        head, last = _ahead(trial, candidate, top, None), candidate.steps[-1]
        head = head.with_head(trial.apply(last, head.top(last.top or top)))
        ranking = ranking.with_head(head)
    rows = ranking.top(trial.depth).rows
    return judged(trial.truth.hits(rows), trial.truth.num_relevant, metric)
