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
from evaluate.intervals import percentile_ends
from evaluate.metric import Metric
from retrieval.experiments._kept import Measured
from retrieval.experiments._study import Measure, Study, disputed_pairs, ordered_pairs

if TYPE_CHECKING:
    from evaluate.outcome import Outcome

LEVEL = 0.95
_RESAMPLES = 10_000
_SEED = 0

Verdict = Literal["holds", "is reversed", "cannot be told apart"]
# (R, S): the figure of each seed in each resample of the queries.
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

    `p` is twice the share of resamples on the other side of 0, `p_holm` the same after Holm's correction for
    all pairs of the measure.
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

    Queries and seeds are resampled together, the same ones for all arms: what makes a query hard, or a draw
    of training photographs poor, for all of them cancels out of a difference; what chance does to one arm
    does not.
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
    random_starts = {name: any(run.random_start for run in runs) for name, runs in found.items()}
    figures = []
    for arm in arms:
        low, high = percentile_ends(drawn[arm.name], LEVEL)
        seeds = plain[arm.name]
        figures.append(
            ArmFigure(
                arm.name,
                float(seeds.mean()),
                low,
                high,
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
    means = {name: float(seeds.mean()) for name, seeds in plain.items()}
    num_queries = next(iter(outcomes.values()))[0].num_queries
    return Judged(
        measure,
        num_queries,
        tuple(figures),
        _pairs(judged, means, drawn),
        tuple(disputed_pairs(arms, measure.name)),
    )


def _figures(
    metric: Metric, runs: "Sequence[Outcome]", resamples: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give each seed's figure (S,), and the mean over drawn seeds in each resample (R,).

    Few seeds drawn with replacement scatter less than seeds do, by (S - 1) / S of the variance; their weights
    are stretched about 1 / S to make up for it. Source: Rao and Wu 1988, JASA 83 (the rescaling bootstrap).
    """
    num_queries, num_seeds = runs[0].num_queries, len(runs)
    ones = np.ones((1, num_queries))
    plain = np.array([float(metric.figure(outcome, ones)[0]) for outcome in runs])
    rng = np.random.default_rng([_SEED, 1])
    drawn = []
    for weights in resampled_counts(_SEED, num_queries, resamples):
        by_seed = np.stack([metric.figure(outcome, weights) for outcome in runs], axis=1)
        times = rng.multinomial(num_seeds, np.full(num_seeds, 1 / num_seeds), len(weights)) / num_seeds
        stretch = math.sqrt(num_seeds / (num_seeds - 1)) if num_seeds > 1 else 1.0
        shares = 1 / num_seeds + stretch * (times - 1 / num_seeds)
        drawn.append((by_seed * shares).sum(axis=1))
    return plain, np.concatenate(drawn)


def _pairs(
    named: Sequence[tuple[str, str]], means: Mapping[str, float], drawn: Mapping[str, NDArray[np.float64]]
) -> tuple[Pair, ...]:
    if not named:
        return ()
    differences = [drawn[better] - drawn[worse] for better, worse in named]
    p_values = np.array([_p_value(difference) for difference in differences])
    corrected = adjusted(p_values)
    pairs = []
    for (better, worse), difference, p, p_holm in zip(named, differences, p_values, corrected, strict=True):
        value = means[better] - means[worse]
        low, high = percentile_ends(difference, LEVEL)
        verdict: Verdict = "cannot be told apart"
        if p_holm < 1 - LEVEL:
            verdict = "holds" if value > 0 else "is reversed"
        pairs.append(Pair(better, worse, value, low, high, float(p), float(p_holm), verdict))
    return tuple(pairs)


def _p_value(differences: NDArray[np.float64]) -> float:
    side = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (1 + side) / (1 + differences.size))
