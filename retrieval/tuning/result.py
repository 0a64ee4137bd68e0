"""What a search is told and what it finds: settings, figures with intervals, lines of the table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluate.bootstrap import mean_intervals
from extract.errors import ConfigError
from retrieval.tuning.choice import Option
from retrieval.tuning.presence_fit import PresenceFit

TOPS = (25, 50, 100)


@dataclass(frozen=True)
class Settings:
    """Folds of the cross-validation, seed, candidates to try and the precision of "it is there"."""

    folds: int = 5
    seed: int = 0
    tops: tuple[int, ...] = TOPS
    precision: float = 0.9

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ConfigError(f"folds must be at least 2, got {self.folds}")
        if not self.tops or min(self.tops) < 1:
            raise ConfigError(f"top must be at least 1, got {list(self.tops)}")
        if not 0.0 < self.precision < 1.0:
            raise ConfigError(f"precision must lie between 0 and 1, got {self.precision}")


@dataclass(frozen=True)
class Figure:
    """A mean over queries and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Row:
    """One chain at its best setting; `figure` and `difference` to `none` are of held-back queries."""

    option: Option
    figure: Figure
    difference: Figure


@dataclass(frozen=True, eq=False)
class Tuned:
    """What the search found.

    `rows` holds a line a chain, `none` first. `figure` and `difference` are those of the whole search, its
    choice of the chain included, on held-back queries. `chosen` is the line that is recommended and `best`
    the one that looked best, which is another only if it does not surely beat `none`. `v_figures` follow
    `best`'s `v_weights`.
    """

    metric: str
    queries: int
    places: int
    rows: tuple[Row, ...]
    chosen: Row
    best: Row
    figure: Figure
    difference: Figure
    v_figures: tuple[Figure, ...]
    presence: PresenceFit | None
    seconds: float

    @property
    def beats_none(self) -> bool:
        """Whether the interval of the difference lies above zero."""
        return self.difference.low > 0


def figures(values: Sequence[NDArray[np.float64]], seed: int) -> list[Figure]:
    """Average each of `values`, (Q,) every one; all meet the same resamples of the queries."""
    if not len(values):
        return []
    table = np.stack(values)
    intervals = mean_intervals(table, kind="percentile", rng=seed)
    return [
        Figure(float(mean), float(low), float(high))
        for mean, (low, high) in zip(table.mean(axis=1), intervals, strict=True)
    ]
