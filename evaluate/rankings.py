"""The answers of one system, whatever file or program they come from: images by query, best first."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from evaluate.arrays import FloatArray, IntArray, ranked_rows
from evaluate.errors import EvaluationError


@dataclass(frozen=True, eq=False)
class Rankings:
    """Rankings of Q queries, best first.

    `rows` (Q, K) are places in `image_ids`, which holds each id once, and -1 behind the last answer.
    `scores` (Q, K) are NaN there, and None where nobody gave any. `source` opens every message.

    Raises:
        ValueError: shapes or places do not fit each other.
        EvaluationError: a query is there twice.
    """

    query_ids: tuple[str, ...]
    image_ids: tuple[str, ...]
    rows: IntArray
    scores: FloatArray | None = None
    source: str = "the rankings"

    def __post_init__(self) -> None:
        rows = ranked_rows(self.rows, len(self.query_ids))
        if rows.size and rows.max() >= len(self.image_ids):
            raise ValueError(f"rows must be below {len(self.image_ids)}, got {rows.max()}")
        if self.scores is not None and self.scores.shape != rows.shape:
            raise ValueError(f"scores must be {rows.shape}, got {self.scores.shape}")
        object.__setattr__(self, "rows", rows)
        if len(set(self.query_ids)) < len(self.query_ids):
            seen: set[str] = set()
            twice = next(name for name in self.query_ids if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise EvaluationError(f"{self.source}: the query {twice!r} is there twice; keep one of the two")

    def ids_of(self, place: int) -> tuple[str, ...]:
        """List the ranked image ids of the query in this place."""
        return tuple(self.image_ids[row] for row in self.rows[place].tolist() if row >= 0)

    @classmethod
    def from_ids(
        cls,
        query_ids: Sequence[str],
        ranked_ids: Sequence[Sequence[str]],
        scores: Sequence[Sequence[float]] | None = None,
        source: str = "the rankings",
    ) -> Self:
        """Take lists of ids, with scores where there are some.

        Raises:
            ValueError: there are not as many rankings, or scores of a ranking, as queries or ids.
            EvaluationError: a query is there twice.
        """
        values: Iterable[Sequence[float] | None] = [None] * len(query_ids) if scores is None else scores
        return cls.collect(zip(query_ids, ranked_ids, values, strict=True), source)

    @classmethod
    def collect(
        cls, records: Iterable[tuple[str, Sequence[str], Sequence[float] | None]], source: str
    ) -> Self:
        """Gather (query id, image ids best first, their scores or None) one by one.

        Memory holds a number for each answer and every id once. Scores are kept if every query has them.

        Raises:
            ValueError: a query has not as many scores as images.
            EvaluationError: a query is there twice.
        """
        query_ids: list[str] = []
        row_of_id: dict[str, int] = {}
        rows, lengths, values = array("q"), array("q"), array("d")
        number = row_of_id.setdefault
        scored = True
        for query_id, images, scores in records:
            query_ids.append(query_id)
            # len is taken before the id is added, so a new id gets the next number.
            rows.extend([number(name, len(row_of_id)) for name in images])
            lengths.append(len(images))
            if scores is None:
                scored = False
            elif len(scores) != len(images):
                raise ValueError(f"the query {query_id!r} has {len(images)} images and {len(scores)} scores")
            elif scored:
                values.extend(scores)
        counts = np.frombuffer(lengths, dtype=np.int64) if query_ids else np.empty(0, np.int64)
        filled = np.arange(counts.max(initial=0)) < counts[:, None]
        table = np.full(filled.shape, -1, dtype=np.int64)
        table[filled] = np.frombuffer(rows, dtype=np.int64) if rows else ()
        score_table = None
        if scored and query_ids:
            score_table = np.full(filled.shape, np.nan)
            score_table[filled] = np.frombuffer(values) if values else ()
        return cls(tuple(query_ids), tuple(row_of_id), table, score_table, source)
