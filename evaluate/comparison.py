"""Compare systems on the same queries: differences with intervals, tests, and the queries that moved most."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from evaluate.effect_size import Tally, cohens_d, rank_biserial, tally
from evaluate.figures import Figure
from evaluate.ground_truth import GroundTruth, Held
from evaluate.holm import adjusted
from evaluate.intervals import ROUNDING
from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.paired import difference_interval, differences, permutation_p_value
from evaluate.power import detectable, queries_needed
from evaluate.report import Sampling, overall_figures
from evaluate.words import num_queries

_MOVED = 10
_SHOWN_RANKS = 5


@dataclass(frozen=True)
class Moved:
    """A query whose value changed: before and after, and the ranks (from 1) of correct images.

    Those are shown from the `first_shown`-th correct one on, the first whose rank changed.
    """

    query_id: str
    before: float
    after: float
    first_shown: int
    ranks_before: tuple[int, ...]
    ranks_after: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """How `system` differs from the baseline in the metric, the figure of the system less the baseline's.

    `low` and `high` are the ends of the percentile interval: differences have many zeros, and on such it
    holds the truth more often than BCa (measured, `tests/evaluate/test_coverage_of_intervals.py`).
    `p` is that of a paired permutation test, `p_holm` the same after Holm's correction for all systems that
    are compared. `tally` counts the queries on which the system does better, the same and worse. `d` is
    Cohen's d_z, `rank_biserial` the matched-pairs rank-biserial correlation, and None where no query
    moved. `detectable` is the smallest difference that so many queries would show four times in five,
    `queries_for_a_point` how many a difference of .01 would take; None where no query moved or the figure
    is no mean. A positive `value` is a larger figure; tally, `d` and `rank_biserial` speak of better.
    """

    system: str
    value: float
    low: float
    high: float
    p: float
    p_holm: float
    tally: Tally
    d: float | None
    rank_biserial: float | None
    detectable: float | None
    queries_for_a_point: int | None
    queries: int
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class Comparison:
    """The figures of all systems, the first of which is the baseline, and the differences of the others."""

    metric: str
    lower_is_better: bool
    figures: dict[str, Figure]
    differences: tuple[Difference, ...]
    sampling: Sampling
    notes: tuple[str, ...]

    @property
    def baseline(self) -> str:
        """The system that the others are compared with."""
        return next(iter(self.figures))

    def loss_of(self, difference: Difference) -> float:
        """Say by how much a system is worse than the baseline; below 0 it is better."""
        return difference.value if self.lower_is_better else -difference.value

    def to_dict(self) -> dict[str, object]:
        """Give the comparison as dicts, lists and plain numbers, ready for JSON."""
        return {
            "metric": self.metric,
            "lower_is_better": self.lower_is_better,
            "baseline": self.baseline,
            "systems": {name: asdict(figure) for name, figure in self.figures.items()},
            "differences": [_plain(difference) for difference in self.differences],
            "interval": asdict(self.sampling),
            "difference_interval": "percentile",
            "notes": list(self.notes),
        }


def compare(
    systems: Sequence[tuple[str, Held]],
    ground_truth: GroundTruth,
    metric: Metric,
    *,
    sampling: Sampling | None = None,
    num_moved: int = _MOVED,
) -> Comparison:
    """Compare every system with the first one in the figure of `metric`.

    Raises:
        ValueError: there are fewer than two systems, or two have one name.
        EvaluationError: the metric needs what is not known, or no query counts for it.
    """
    names = [name for name, _ in systems]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"there must be two systems or more, each with a name of its own, got {names}")
    how = sampling or Sampling()
    told = {name: overall_figures([metric], held.outcome, how, {})[0][metric.name] for name, held in systems}
    baseline = systems[0][1]
    p_values = [
        permutation_p_value(metric, held.outcome, baseline.outcome, rng=how.seed, permutations=how.resamples)
        for _, held in systems[1:]
    ]
    corrected = adjusted(np.array(p_values))
    return Comparison(
        metric.name,
        metric.lower_is_better,
        told,
        tuple(
            _difference(
                name,
                held,
                baseline,
                metric,
                how,
                value=told[name].value - told[names[0]].value,
                p=p,
                p_holm=float(p_holm),
                num_moved=num_moved,
            )
            for (name, held), p, p_holm in zip(systems[1:], p_values, corrected, strict=True)
        ),
        how,
        (*ground_truth.notes, *_notes(systems, metric.depth)),
    )


def _notes(systems: Sequence[tuple[str, Held]], depth: int | None) -> Iterator[str]:
    """Say what makes a system look worse than it is."""
    for name, held in systems:
        missing = int((held.outcome.num_answers == 0).sum())
        if missing:
            yield f"{name} has no answer to {num_queries(missing)}, wrong here"
    lengths = {name: held.given_rows.shape[1] for name, held in systems}
    # What is longer than the metric looks makes no difference.
    if len({length if depth is None else min(length, depth) for length in lengths.values()}) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        yield f"the longest rankings differ in length: {told}"


def _difference(
    name: str,
    held: Held,
    baseline: Held,
    metric: Metric,
    how: Sampling,
    *,
    value: float,
    p: float,
    p_holm: float,
    num_moved: int,
) -> Difference:
    values = differences(metric, held.outcome, baseline.outcome)
    low, high = difference_interval(
        metric, held.outcome, baseline.outcome, rng=how.seed, resamples=how.resamples, level=how.level
    )
    gains = -values if metric.lower_is_better else values
    counts = tally(gains)
    # The scatter of a figure that is no mean is not that of its queries.
    has_scatter = metric.is_mean and values.size > 1 and counts.ties < values.size
    return Difference(
        system=name,
        value=value,
        low=low,
        high=high,
        p=p,
        p_holm=p_holm,
        tally=counts,
        d=cohens_d(gains),
        rank_biserial=rank_biserial(gains),
        detectable=detectable(values, level=how.level) if has_scatter else None,
        # A hundredth of a rank is no difference that anybody asks for.
        queries_for_a_point=queries_needed(values, 0.01, level=how.level)
        if has_scatter and not metric.lower_is_better
        else None,
        queries=values.size,
        moved=_moved(metric, held.outcome, baseline.outcome, num_moved),
    )


def _moved(metric: Metric, after: Outcome, before: Outcome, count: int) -> tuple[Moved, ...]:
    """List the queries whose value changed most, the largest change first."""
    old, new = metric.per_query(before), metric.per_query(after)
    change = np.nan_to_num(np.abs(new - old))
    names = before.query_ids or tuple(map(str, range(change.size)))
    places = np.flatnonzero(change > ROUNDING).tolist()
    order = sorted(places, key=lambda place: (-change[place], names[place]))
    return tuple(
        Moved(names[place], float(old[place]), float(new[place]), *_ranks(before, after, place))
        for place in order[:count]
    )


def _ranks(before: Outcome, after: Outcome, place: int) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Give the number of the first correct image whose rank changed, 1 if none did, and the ranks from it."""
    old, new = ((np.flatnonzero(outcome.hits[place]) + 1).tolist() for outcome in (before, after))
    same = 0
    while old[same : same + 1] == new[same : same + 1] != []:
        same += 1
    first = 0 if old == new else same
    end = first + _SHOWN_RANKS
    return first + 1, tuple(old[first:end]), tuple(new[first:end])


def _plain(difference: Difference) -> dict[str, object]:
    # JSON has no infinity; such an effect says only that all queries moved by the same amount.
    d = difference.d if difference.d is not None and np.isfinite(difference.d) else None
    moved = [
        {**asdict(one), "ranks_before": list(one.ranks_before), "ranks_after": list(one.ranks_after)}
        for one in difference.moved
    ]
    return {**asdict(difference), "d": d, "moved": moved}
