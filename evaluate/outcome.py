"""What became of each query, in the form that metrics read: hits by rank, and labels where they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, IntArray, first_occurrences, query_mask, ranked_rows, stacked
from evaluate.labels import Labels
from evaluate.outcome_parts import Confidences, Difficulty, Gains, Irrelevant
from evaluate.truth import Truth


@dataclass(frozen=True, eq=False)
class Outcome:
    """All that a metric may look at, for Q queries and the first K ranks.

    `hits` (Q, K) is True where the ranked image is correct and not a repeat, `num_relevant` (Q,) counts
    the correct images of the whole database, `num_answers` (Q,) the ranked images, padding left out.
    The rest serves some metrics only and is None where nobody knows it: `labels` for votes of neighbours,
    `query_ids` for messages.

    Raises:
        ValueError: shapes, types or counts contradict each other.
    """

    hits: BoolArray
    num_relevant: IntArray
    num_answers: IntArray
    labels: Labels | None = None
    difficulty: Difficulty | None = None
    gains: Gains | None = None
    confidences: Confidences | None = None
    irrelevant: Irrelevant | None = None
    query_ids: tuple[str, ...] | None = None

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
        for part, shape in (
            ("labels", self.labels and self.labels.neighbours.shape),
            ("difficulty", self.difficulty and self.difficulty.kinds.shape),
            ("gains", self.gains and self.gains.ranked.shape),
            ("irrelevant", self.irrelevant and self.irrelevant.ranked.shape),
        ):
            if shape is not None and shape != self.hits.shape:
                raise ValueError(f"{part} must be for rankings {self.hits.shape}, got {shape}")
        for part, length in (
            ("num_easy", self.difficulty and self.difficulty.num_easy.size),
            ("num_hard", self.difficulty and self.difficulty.num_hard.size),
            ("ideal gains", self.gains and len(self.gains.ideal)),
            ("confidences", self.confidences and self.confidences.values.size),
            ("tie_order", self.confidences and self.confidences.tie_order.size),
            ("irrelevant", self.irrelevant and self.irrelevant.num.size),
            ("query_ids", None if self.query_ids is None else len(self.query_ids)),
        ):
            if length is not None and length != num_queries:
                raise ValueError(f"{part} must be {num_queries}, one a query, got {length}")

    @property
    def num_queries(self) -> int:
        """Q."""
        return int(self.hits.shape[0])

    def name_of(self, place: int) -> str:
        """Name the query in this place, for a message."""
        return f"the one in place {place}" if self.query_ids is None else repr(self.query_ids[place])

    def select(self, mask: npt.NDArray[np.bool_]) -> Self:
        """Return the outcome of the queries where `mask` (Q,) is True, in the same order."""
        kept = query_mask(mask, self.num_queries)
        return type(self)(
            self.hits[kept],
            self.num_relevant[kept],
            self.num_answers[kept],
            self.labels and self.labels.select(kept),
            self.difficulty and self.difficulty.select(kept),
            self.gains and self.gains.select(kept),
            self.confidences and self.confidences.select(kept),
            self.irrelevant and self.irrelevant.select(kept),
            self.query_ids and tuple(self.query_ids[place] for place in np.flatnonzero(kept).tolist()),
        )

    def joined(self, other: Self) -> Self:
        """Return the outcome of the queries of both, one after the other; a part that one lacks is dropped.

        Raises:
            ValueError: the labels of the two are not those of one truth.
        """
        return type(self)(
            stacked(self.hits, other.hits, False),
            np.append(self.num_relevant, other.num_relevant),
            np.append(self.num_answers, other.num_answers),
            self.labels and other.labels and self.labels.joined(other.labels),
            self.difficulty and other.difficulty and self.difficulty.joined(other.difficulty),
            self.gains and other.gains and self.gains.joined(other.gains),
            self.confidences and other.confidences and self.confidences.joined(other.confidences),
            self.irrelevant and other.irrelevant and self.irrelevant.joined(other.irrelevant),
            self.query_ids and other.query_ids and self.query_ids + other.query_ids,
        )

    @classmethod
    def from_rows(
        cls,
        truth: Truth,
        rows: npt.NDArray[np.integer],
        *,
        query_labels: Sequence[str] | None = None,
        labels_by_row: Mapping[int, str] | None = None,
        confidences: Confidences | None = None,
    ) -> Self:
        """Hold the rankings `rows` (Q, K), best first and padded with -1, against the truth.

        A query without an answer is a row of -1. Where the truth closes up, what it ignores leaves the
        rankings first. With `query_labels` (Q of them) and `labels_by_row` (every database row, '' where
        it has no label) neighbours can vote: each image once, and never one that is ignored, which the
        query's own image is.

        Raises:
            ValueError: one kind of label comes without the other, a query has none, or lengths differ.
        """
        given = ranked_rows(rows, len(truth.query_ids))
        table, _ = truth.closed_up(given)
        first = first_occurrences(table)
        labels = None
        if query_labels is not None and labels_by_row is not None:
            if len(query_labels) != len(truth.query_ids):
                raise ValueError(f"query_labels must be {len(truth.query_ids)}, got {len(query_labels)}")
            votes = first & ~truth.is_ignored(table)
            labels = Labels.from_rows(table, votes, query_labels, labels_by_row)
        elif query_labels is not None or labels_by_row is not None:
            raise ValueError("query_labels and labels_by_row must be given together")
        return cls(
            truth.is_relevant(table) & first,
            truth.num_relevant,
            (given >= 0).sum(axis=1),
            labels,
            truth.difficulty(table),
            truth.graded(table, first),
            confidences,
            truth.irrelevant(table, first),
            truth.query_ids,
        )
