"""A ranking: for each query the database rows, best first, with the scores that put them there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

PAD = -1


@dataclass(frozen=True)
class Ranking:
    """`rows` (Q, K) int64, each once a query, and `scores` (Q, K) float32, falling; -1 pads at the end.

    `columns` are scores beside them by name, (Q, K) float32 in the same order: `global`, `local`,
    `matches`, `inliers`; NaN where a candidate was not looked at.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    columns: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.dtype != np.int64:
            raise ValueError(f"rows must be (Q, K) int64, got {self.rows.shape} {self.rows.dtype}")
        for name, values in {"scores": self.scores, **self.columns}.items():
            if values.shape != self.rows.shape or values.dtype != np.float32:
                raise ValueError(
                    f"{name} must be {self.rows.shape} float32, got {values.shape} {values.dtype}"
                )
        used = self.rows != PAD
        if (used[:, 1:] & ~used[:, :-1]).any():
            raise ValueError("padding must stand at the end of a query's rows")
        both = used[:, 1:]
        if np.isnan(self.scores[used]).any() or (self.scores[:, 1:] > self.scores[:, :-1])[both].any():
            raise ValueError("scores must fall and hold no NaN")
        ordered = np.sort(self.rows, axis=1)
        if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != PAD)).any():
            raise ValueError("a query's rows must be unique")

    @property
    def used(self) -> NDArray[np.bool_]:
        """Where there is a row and no padding, (Q, K)."""
        return np.asarray(self.rows != PAD)

    def top(self, count: int) -> "Ranking":
        """Give the first `count` places of every query, not copied."""
        return Ranking(
            self.rows[:, :count],
            self.scores[:, :count],
            {name: values[:, :count] for name, values in self.columns.items()},
        )

    def without(self, rows: NDArray[np.int64]) -> "Ranking":
        """Leave out one row a query, `rows` (Q,), or several (Q, E), where they are ranked.

        Those below move up and -1 pads.
        """
        found = np.zeros(self.rows.shape, np.bool_)
        for column in rows[:, None].T if rows.ndim == 1 else rows.T:
            found |= self.rows == column[:, None]
        return self.keeping(~found | ~self.used)

    def keeping(self, keep: NDArray[np.bool_]) -> "Ranking":
        """Leave out the places where `keep` (Q, K) is false; those below move up and -1 pads."""
        order = np.argsort(~keep, axis=1, kind="stable")
        gone = ~np.take_along_axis(keep, order, axis=1)

        def moved(values: NDArray[np.float32], blank: float) -> NDArray[np.float32]:
            return np.where(gone, blank, np.take_along_axis(values, order, axis=1)).astype(np.float32)

        # Places that fall free go to the end, behind any padding there was.
        return Ranking(
            np.where(gone, PAD, np.take_along_axis(self.rows, order, axis=1)),
            moved(self.scores, -np.inf),
            {name: moved(values, np.nan) for name, values in self.columns.items()},
        )

    def with_columns(self, columns: Mapping[str, NDArray[np.float32]]) -> "Ranking":
        """Give the ranking with columns added or replaced."""
        return replace(self, columns={**self.columns, **columns})

    def sorted_by(self, scores: NDArray[np.float32]) -> "Ranking":
        """Order each query anew by `scores` (Q, K); ties keep their order, padding stays at the end."""
        keys = np.where(self.used, -scores, np.inf)
        order = np.argsort(keys, axis=1, kind="stable")
        return Ranking(
            np.take_along_axis(self.rows, order, axis=1),
            np.take_along_axis(scores, order, axis=1),
            {name: np.take_along_axis(values, order, axis=1) for name, values in self.columns.items()},
        )

    def with_head(self, head: "Ranking") -> "Ranking":
        """Put `head` in front; the rows of this ranking that it does not hold keep their order behind it.

        The result has as many places as the wider of the two. Scores of the rows behind are lowered by one
        amount a query where that is needed for scores to fall.
        """
        width = max(self.rows.shape[1], head.rows.shape[1])
        rows = np.concatenate([head.rows, self.rows], axis=1)
        keep = np.concatenate([head.used, self.used & ~_contains(head.rows, self.rows)], axis=1)
        # Stable: what is kept stays in order, what is not goes to the end.
        order = np.argsort(~keep, axis=1, kind="stable")[:, :width]
        kept = np.take_along_axis(keep, order, axis=1)

        def joined(
            front: NDArray[np.float32], back: NDArray[np.float32], blank: float
        ) -> NDArray[np.float32]:
            values = np.take_along_axis(np.concatenate([front, back], axis=1), order, axis=1)
            return np.where(kept, values, blank).astype(np.float32)

        unknown = np.full(self.rows.shape, np.nan, np.float32)
        columns = {
            name: joined(values, self.columns.get(name, unknown), np.nan)
            for name, values in head.columns.items()
        }
        scores = joined(head.scores, self.scores, -np.inf)
        return Ranking(
            np.where(kept, np.take_along_axis(rows, order, axis=1), PAD),
            _lowered(scores, head.used.sum(axis=1), kept),
            columns,
        )


def _contains(rows: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which of `asked` (Q, K) stand in the same query's `rows` (Q, H)."""
    if not len(rows):
        return np.zeros(asked.shape, np.bool_)
    span = int(max(rows.max(initial=0), asked.max(initial=0))) + 2
    shift = np.arange(len(rows))[:, None] * span
    return np.isin(asked + shift, rows + shift)


def _lowered(
    scores: NDArray[np.float32], counts: NDArray[np.int64], kept: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Lower the scores (Q, K) behind the first `counts` (Q,) so far that they do not rise above them."""
    lowered = scores.copy()
    for query, count in enumerate(counts):
        if not 0 < count < scores.shape[1] or not kept[query, count]:
            continue
        above, below = scores[query, count - 1], scores[query, count]
        if below > above:
            # Subtracting rounds: the bound is set exactly.
            lowered[query, count:] = np.minimum(scores[query, count:] - (below - above), above)
    return lowered
