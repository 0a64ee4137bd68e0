"""The answers of one system, whatever file or program they come from: images by query, best first."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from evaluate.arrays import FloatArray, IntArray, ranked_rows
from evaluate.errors import EvaluationError
from evaluate.numbering import Numbering
from evaluate.repeats import refuse_repeats

# Ids that are numbered at once: some 100 MB of strings.
_MANY = 1_000_000


@dataclass(frozen=True, eq=False)
class Rankings:
    """Rankings of Q queries, best first.

    `rows` (Q, K) are places in `image_ids`, which holds each id once, and -1 behind the last answer.
    `scores` (Q, K) are NaN there, and None where nobody gave any. `source` opens every message; `find`
    tells the line of that file where a query, or an image of a query, stands.

    Raises:
        ValueError: shapes or places do not fit each other.
        EvaluationError: a query is there twice, or a score is not a number.
    """

    query_ids: tuple[str, ...]
    image_ids: tuple[str, ...]
    rows: IntArray
    scores: FloatArray | None = None
    source: str = "the rankings"
    find: Callable[[str, str | None], int | None] | None = None

    def __post_init__(self) -> None:
        rows = ranked_rows(self.rows, len(self.query_ids))
        if rows.size and rows.max() >= len(self.image_ids):
            raise ValueError(f"rows must be below {len(self.image_ids)}, got {rows.max()}")
        if self.scores is not None and self.scores.shape != rows.shape:
            raise ValueError(f"scores must be {rows.shape}, got {self.scores.shape}")
        object.__setattr__(self, "rows", rows)
        refuse_repeats(f"{self.source}: the query", self.query_ids)
        self._check_scores()

    def place(self, query_id: str, image_id: str | None = None) -> str:
        """Name the file, and the line where it is known, of a query or of one of its images."""
        line = self.find and self.find(query_id, image_id)
        return f"{self.source}, line {line}" if line else self.source

    def _check_scores(self) -> None:
        if self.scores is None:
            return
        wrong = np.argwhere(np.isnan(self.scores) & (self.rows >= 0))
        if wrong.size:
            query, rank = wrong[0].tolist()
            name, image = self.query_ids[query], self.image_ids[self.rows[query, rank]]
            raise EvaluationError(
                f"{self.place(name, image)}: the score of the image {image!r} (query {name!r}) is no number; "
                "look for NaN in its descriptor"
            )

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
        given = [ranked_ids] if scores is None else [ranked_ids, scores]
        if any(len(one) != len(query_ids) for one in given):
            raise ValueError(f"there must be {len(query_ids)} rankings and scores, one a query")
        if any(isinstance(images, str) for images in ranked_ids):
            raise ValueError("a ranking must be a list of ids, not one text")
        values: Iterable[Sequence[float] | None] = [None] * len(query_ids) if scores is None else scores
        return cls.collect(zip(query_ids, ranked_ids, values, strict=True), source)

    @classmethod
    def collect(
        cls,
        records: Iterable[tuple[str, Sequence[str], Sequence[float] | None]],
        source: str,
        find: Callable[[str, str | None], int | None] | None = None,
    ) -> Self:
        """Gather (query id, image ids best first, their scores or None) one by one.

        Memory holds a number for each answer and every id once. Scores are kept if every query has them.

        Raises:
            ValueError: a query has not as many scores as images.
            EvaluationError: a query is there twice.
        """
        query_ids: list[str] = []
        numbering, waiting = Numbering(), list[str]()
        rows: list[IntArray] = []
        lengths, values = array("q"), array("d")
        scored = True
        for query_id, images, scores in records:
            query_ids.append(query_id)
            waiting += images
            lengths.append(len(images))
            if len(waiting) >= _MANY:
                rows.append(numbering.of(waiting))
                waiting.clear()
            if scores is None:
                scored = False
            elif len(scores) != len(images):
                raise ValueError(f"the query {query_id!r} has {len(images)} images and {len(scores)} scores")
            elif scored:
                values.extend(scores)
        rows.append(numbering.of(waiting))
        counts = np.array(lengths, dtype=np.int64)
        filled = np.arange(counts.max(initial=0)) < counts[:, None]
        table = np.full(filled.shape, -1, dtype=np.int64)
        table[filled] = np.concatenate(rows)
        score_table = None
        if scored and query_ids:
            score_table = np.full(filled.shape, np.nan)
            score_table[filled] = np.array(values)
        return cls(tuple(query_ids), tuple(numbering.names), table, score_table, source, find)
