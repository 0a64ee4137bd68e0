"""What the runs of an experiment say: figures over seeds with intervals, and the study's order of arms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from evaluate import metrics
from evaluate.bootstrap import resampled_counts
from evaluate.holm import adjusted
from evaluate.metric import Metric
from retrieval.experiments._kept import Measured
from retrieval.experiments._study import Measure, Study, disputed_pairs, ordered_pairs

if TYPE_CHECKING:
    from evaluate.outcome import Outcome

LEVEL = 0.95
_RESAMPLES = 10_000
_SEED = 0

Verdict = Literal["holds", "is reversed", "cannot be told apart"]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class ArmFigure:
    """One arm in one measure: mean over seeds, the ends of its interval, and each seed's own figure.

    `spread` is the standard deviation over seeds, None with one seed. Of an arm that was not run with its
    weights (`random_start`) nothing is concluded.
    """

    arm: str
    value: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    spread: float | None
    studied: tuple[float, ...]
    random_start: bool


@dataclass(frozen=True)
class Pair:
    """Two arms that the study orders: ours is the figure of `better` less that of `worse`.

    `p` is that of no difference, two-sided, `p_holm` the same after Holm's correction for all pairs of the
    measure.
    """

    better: str
    worse: str
    value: float
    low: float
    high: float
    p: float
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Judged:
    """One measure: its arms, the pairs that the study orders, and those on which its texts differ."""

    measure: Measure
    queries: int
    arms: tuple[ArmFigure, ...]
    pairs: tuple[Pair, ...]
    disputed: tuple[tuple[str, str], ...]


def judge(
    study: Study, small: bool, found: Mapping[str, Sequence[Measured]], resamples: int = _RESAMPLES
) -> list[Judged]:
    """Compute the figures of every measure and hold each of the study's ordered pairs against them.

    Arms are compared on the same queries and seeds: what makes a query hard, or a draw of training
    photographs poor, for all of them cancels out of a difference; what chance does to one arm does not.
    """
    return [_judged(study, small, measure, found, resamples) for measure in study.measures]


def _judged(
    study: Study, small: bool, measure: Measure, found: Mapping[str, Sequence[Measured]], resamples: int
) -> Judged:
    arms = study.of_size(small)
    outcomes = {arm.name: [run.outcomes[measure.name] for run in found[arm.name]] for arm in arms}
    metric = metrics.parse(measure.metric)
    plain, drawn = {}, {}
    for name, runs in outcomes.items():
        plain[name], drawn[name] = _figures(metric, runs, resamples)
    num_queries = next(iter(outcomes.values()))[0].num_queries
    random_starts = {name: any(run.random_start for run in runs) for name, runs in found.items()}
    figures = []
    for arm in arms:
        seeds = plain[arm.name]
        estimate = _estimate(seeds, drawn[arm.name], num_queries)
        figures.append(
            ArmFigure(
                arm.name,
                estimate.value,
                max(0.0, estimate.low),
                min(1.0, estimate.high),
                tuple(seeds.tolist()),
                float(seeds.std(ddof=1)) if seeds.size > 1 else None,
                arm.studied.get(measure.name, ()),
                random_starts[arm.name],
            )
        )
    judged = [
        (better, worse)
        for better, worse in ordered_pairs(study, arms, measure.name)
        if not random_starts[better] and not random_starts[worse]
    ]
    differences = {
        (better, worse): _estimate(plain[better] - plain[worse], drawn[better] - drawn[worse], num_queries)
        for better, worse in judged
    }
    return Judged(
        measure,
        num_queries,
        tuple(figures),
        _pairs(differences),
        tuple(disputed_pairs(arms, measure.name)),
    )


def _figures(metric: Metric, runs: "Sequence[Outcome]", resamples: int) -> tuple[Figures, Figures]:
    """Give each seed's figure (S,), and the mean over seeds in each resample of the queries (R,)."""
    num_queries = runs[0].num_queries
    ones = np.ones((1, num_queries))
    plain = np.array([float(metric.figure(outcome, ones)[0]) for outcome in runs])
    drawn = [
        np.mean([metric.figure(outcome, weights) for outcome in runs], axis=0)
        for weights in resampled_counts(_SEED, num_queries, resamples)
    ]
    return plain, np.concatenate(drawn)


@dataclass(frozen=True)
class _Estimate:
    value: float
    low: float
    high: float
    p: float


def _estimate(by_seed: Figures, drawn: Figures, num_queries: int) -> _Estimate:
    """Give the mean of `by_seed` (S,), its interval, and the p-value of its being 0, by Student's t.

    The variance is that of `drawn` (R,), over queries, and that of a mean of so few seeds; how well both are
    known together says the degrees of freedom. Three seeds that were drawn again, as queries are, would call
    up to one difference in five significant where there is none. Source: Satterthwaite 1946, Biometrics
    Bulletin 2.
    """
    from scipy.special import stdtr, stdtrit

    value, num_seeds = float(by_seed.mean()), by_seed.size
    of_queries = float(drawn.var())
    of_seeds = float(by_seed.var(ddof=1)) / num_seeds if num_seeds > 1 else 0.0
    error = math.sqrt(of_queries + of_seeds)
    if error == 0.0:
        return _Estimate(value, value, value, float(value == 0.0))
    doubt = of_queries**2 / max(1, num_queries - 1) + of_seeds**2 / max(1, num_seeds - 1)
    freedom = error**4 / doubt
    reach = error * float(stdtrit(freedom, (1 + LEVEL) / 2))
    return _Estimate(value, value - reach, value + reach, 2 * float(stdtr(freedom, -abs(value) / error)))


def _pairs(differences: Mapping[tuple[str, str], _Estimate]) -> tuple[Pair, ...]:
    corrected = adjusted(np.array([found.p for found in differences.values()]))
    pairs = []
    for ((better, worse), found), p_holm in zip(differences.items(), corrected.tolist(), strict=True):
        verdict: Verdict = "cannot be told apart"
        if p_holm < 1 - LEVEL:
            verdict = "holds" if found.value > 0 else "is reversed"
        pairs.append(Pair(better, worse, found.value, found.low, found.high, found.p, p_holm, verdict))
    return tuple(pairs)
