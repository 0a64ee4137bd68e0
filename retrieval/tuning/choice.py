"""Choose among chains: the best one, or a cheaper one that is as good as can be told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.tuning.sweep import Swept

# Times are measured and vary; chains whose times are within this factor count as equally fast.
_SAME_SPEED = 1.5
# A tenth of a point is worth no milliseconds, however sure it is.
_NEGLIGIBLE = 0.001


@dataclass(frozen=True, eq=False)
class Option:
    """A chain on a number of candidates, and what a query costs: milliseconds, bytes a photograph."""

    swept: Swept
    milliseconds: float
    bytes_a_photo: float


def choose(options: Sequence[Option], fold: int, queries: NDArray[np.bool_]) -> int:
    """Pick one by the values without `fold` (the last: with all) on `queries` (Q,): its place.

    Of those within one standard error, or a tenth of a point, of the best the fastest is taken, then the
    one of fewest bytes, then of fewest steps, then the best. The error is that of the difference, query by
    query, to the best.
    Source: the one-standard-error rule of Breiman et al., CART, 1984.
    """
    values = np.stack([option.swept.values[fold, queries] for option in options])
    means = values.mean(axis=1)
    best = int(np.argmax(means))
    lost = values[best] - values
    errors = lost.std(axis=1) / np.sqrt(values.shape[1])
    good = [place for place in range(len(options)) if lost[place].mean() <= max(errors[place], _NEGLIGIBLE)]
    fastest = min(options[place].milliseconds for place in good)
    fast = [place for place in good if options[place].milliseconds <= _SAME_SPEED * fastest]

    def rank(place: int) -> tuple[float, int, float]:
        option = options[place]
        return option.bytes_a_photo, len(option.swept.candidate.steps), -float(means[place])

    return min(fast, key=rank)


def held_out(options: Sequence[Option], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Score each query, (Q,), with what `choose` picks without the query's fold."""
    values = np.empty(len(folds))
    for fold in range(int(folds.max()) + 1):
        picked = options[choose(options, fold, folds != fold)]
        values[folds == fold] = picked.swept.values[fold, folds == fold]
    return values


def pareto(milliseconds: Sequence[float], figures: Sequence[float]) -> list[int]:
    """Give the places that no other beats in both time and figure, fastest first."""
    order = sorted(range(len(figures)), key=lambda place: (milliseconds[place], -figures[place]))
    front: list[int] = []
    for place in order:
        if not front or figures[place] > figures[front[-1]]:
            front.append(place)
    return front
