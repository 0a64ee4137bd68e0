"""What became of each query, in the form that metrics read: hits by rank, and labels where they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, IntArray, first_occurrences, query_mask, ranked_rows
from evaluate.labels import Labels
from evaluate.truth import Truth


@dataclass(frozen=True, eq=False)
class Outcome:
    """All that a metric may look at, for Q queries and the first K ranks.

    `hits` (Q, K) is True where the ranked image is correct and not a repeat, `num_relevant` (Q,) counts
    the correct images of the whole database, `num_answers` (Q,) the ranked images, padding left out.
    `labels` serve votes of neighbours and are None where nobody gave any.

    Raises:
        ValueError: shapes, types or counts contradict each other.
    """

    hits: BoolArray
    num_relevant: IntArray
    num_answers: IntArray
    labels: Labels | None = None

    def __post_init__(self) -> None:
        if self.hits.ndim != 2 or self.hits.dtype != np.bool_ or self.hits.shape[0] == 0:
            raise ValueError(f"hits must be boolean (Q, K), Q > 0, got {self.hits.dtype} {self.hits.shape}")
        num_queries, num_ranks = self.hits.shape
        for name, counts in (("num_relevant", self.num_relevant), ("num_answers", self.num_answers)):
            if counts.shape != (num_queries,) or counts.dtype.kind not in "iu":
                raise ValueError(f"{name} must be {num_queries} integers, got {counts.dtype} {counts.shape}")
        num_hits = self.hits.sum(axis=1)
        if (num_hits > self.num_relevant).any():
            raise ValueError("a query has more hits than relevant images")
        if (num_hits > self.num_answers).any() or (self.num_answers > num_ranks).any():
            raise ValueError("num_answers must be from the number of hits to K")
        if self.labels is not None and self.labels.neighbours.shape != self.hits.shape:
            raise ValueError(
                f"labels must be for rankings {self.hits.shape}, got {self.labels.neighbours.shape}"
            )

    @property
    def num_queries(self) -> int:
        """Q."""
        return int(self.hits.shape[0])

    def select(self, mask: npt.NDArray[np.bool_]) -> Self:
        """Return the outcome of the queries where `mask` (Q,) is True, in the same order."""
        kept = query_mask(mask, self.num_queries)
        labels = None if self.labels is None else self.labels.select(kept)
        return type(self)(self.hits[kept], self.num_relevant[kept], self.num_answers[kept], labels)

    @classmethod
    def from_rows(
        cls,
        truth: Truth,
        rows: npt.NDArray[np.integer],
        *,
        query_labels: Sequence[str] | None = None,
        labels_by_row: Mapping[int, str] | None = None,
    ) -> Self:
        """Hold the rankings `rows` (Q, K), best first and padded with -1, against the truth.

        A query without an answer is a row of -1. With `query_labels` (Q of them) and `labels_by_row`
        (every database row, '' where it has no label) neighbours can vote: each image once, and never
        one that is ignored, which the query's own image is.

        Raises:
            ValueError: one kind of label comes without the other, a query has none, or lengths differ.
        """
        table = ranked_rows(rows, len(truth.query_ids))
        labels = None
        if query_labels is not None and labels_by_row is not None:
            if len(query_labels) != len(truth.query_ids):
                raise ValueError(f"query_labels must be {len(truth.query_ids)}, got {len(query_labels)}")
            votes = first_occurrences(table) & ~truth.is_ignored(table)
            labels = Labels.from_rows(table, votes, query_labels, labels_by_row)
        elif query_labels is not None or labels_by_row is not None:
            raise ValueError("query_labels and labels_by_row must be given together")
        return cls(truth.hits(table), truth.num_relevant, (table >= 0).sum(axis=1), labels)
