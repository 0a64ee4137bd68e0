"""The ground truth: which database rows are correct for each query, from labels or from a solution file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    first_occurrences,
    members,
    query_mask,
    ranked_rows,
)
from evaluate.formats.solution import SolutionRecord, read_solution
from evaluate.outcome_parts import EASY, HARD, Difficulty, Gains, Irrelevant
from evaluate.relevant_rows import own_rows, rows_named, rows_of_labels
from evaluate.row_lists import ascending, members_by_query


@dataclass(frozen=True, eq=False)
class Truth:
    """What is correct for each of Q queries.

    `relevant[q]` and `ignored[q]` hold database rows, each once and ascending (they are sorted here);
    queries may share one array. Ignored rows never count: they are no hit and have no vote; they take a
    rank all the same, unless the truth `closes_up`, as that of revisited Oxford and Paris does with junk.
    The constructors put the query's own image there. `usages[q]` names the part of the benchmark that q
    belongs to, '' where it has none.

    What only some truths know: `easy[q]`, those of the relevant rows that are easy; `gains[q]`, how
    relevant each of `relevant[q]` is; `num_images`, how many the whole database has.

    Raises:
        ValueError: there is no query, a query is there twice, or the fields do not fit each other.
    """

    query_ids: tuple[str, ...]
    relevant: tuple[IntArray, ...]
    ignored: tuple[IntArray, ...]
    usages: tuple[str, ...]
    easy: tuple[IntArray, ...] | None = None
    gains: tuple[FloatArray, ...] | None = None
    closes_up: bool = False
    num_images: int | None = None

    def __post_init__(self) -> None:
        num_queries = len(self.query_ids)
        if num_queries == 0:
            raise ValueError("a truth must have at least one query")
        if len(set(self.query_ids)) != num_queries:
            raise ValueError("query_ids must hold each query once")
        for field, entries in (
            ("relevant", self.relevant),
            ("ignored", self.ignored),
            ("usages", self.usages),
            ("easy", self.easy),
            ("gains", self.gains),
        ):
            if entries is not None and len(entries) != num_queries:
                raise ValueError(f"{field} must have {num_queries} entries, got {len(entries)}")
        if self.gains is not None:
            self._check_gains(self.gains)
        object.__setattr__(self, "relevant", ascending(self.relevant))
        object.__setattr__(self, "ignored", ascending(self.ignored))
        if self.easy is not None:
            object.__setattr__(self, "easy", ascending(self.easy))
        for query_id, relevant, ignored in zip(self.query_ids, self.relevant, self.ignored, strict=True):
            if ignored.size and members(ignored, relevant).any():
                raise ValueError(f"a row is both relevant and ignored for the query {query_id!r}")
            if self.num_images is not None and relevant.size + ignored.size > self.num_images:
                raise ValueError(f"the query {query_id!r} has more rows than there are images")
        for easy, relevant in zip(self.easy or (), self.relevant, strict=False):
            if not members(easy, relevant).all():
                raise ValueError("the easy rows must be relevant ones")

    @property
    def num_relevant(self) -> IntArray:
        """How many images are correct for each query, found or not, (Q,)."""
        return np.array([rows.size for rows in self.relevant], dtype=np.int64)

    def closed_up(
        self, rows: IntArray, values: FloatArray | None = None
    ) -> tuple[IntArray, FloatArray | None]:
        """Take what is ignored out of the rankings `rows` (Q, K) and their `values`, if this truth does so.

        What stood behind moves up; -1 and NaN fill the end.
        """
        if not self.closes_up:
            return rows, values
        ignored = self.is_ignored(rows)
        order = np.argsort(ignored, axis=1, kind="stable")
        closed = np.take_along_axis(np.where(ignored, -1, rows), order, axis=1)
        if values is None:
            return closed, None
        return closed, np.take_along_axis(np.where(ignored, np.nan, values), order, axis=1)

    def is_relevant(self, rows: npt.NDArray[np.integer]) -> BoolArray:
        """Mark what is correct in the rankings `rows` (Q, K), repeated or not."""
        return members_by_query(ranked_rows(rows, len(self.query_ids)), self.relevant)

    def hits(self, rows: npt.NDArray[np.integer]) -> BoolArray:
        """Mark what is correct in the rankings `rows` (Q, K), best first and padded with -1.

        A row that stands in one ranking twice earns nothing the second time and still takes a rank.
        """
        table = ranked_rows(rows, len(self.query_ids))
        return self.is_relevant(table) & first_occurrences(table)

    def difficulty(self, rows: IntArray) -> Difficulty | None:
        """Tell easy from hard images in the rankings `rows` (Q, K), if this truth knows."""
        if self.easy is None:
            return None
        is_easy = members_by_query(rows, self.easy)
        kinds = np.where(is_easy, EASY, np.where(self.is_relevant(rows), HARD, 0)).astype(np.int8)
        num_easy = np.array([rows.size for rows in self.easy], dtype=np.int64)
        return Difficulty(kinds, num_easy, self.num_relevant - num_easy)

    def irrelevant(self, rows: IntArray, first: BoolArray) -> Irrelevant | None:
        """Mark what is wrong in the rankings `rows` (Q, K) where `first` (Q, K) is True.

        None where nobody knows the size of the database.
        """
        if self.num_images is None:
            return None
        wrong = first & (rows >= 0) & ~self.is_relevant(rows) & ~self.is_ignored(rows)
        num_ignored = np.array([ignored.size for ignored in self.ignored], dtype=np.int64)
        return Irrelevant(wrong, self.num_images - self.num_relevant - num_ignored)

    def graded(self, rows: IntArray, counts: BoolArray) -> Gains | None:
        """Look up the gains of the rankings `rows` (Q, K) where `counts` (Q, K) is True, if there are any."""
        if self.gains is None:
            return None
        ranked = np.zeros(rows.shape)
        ideal = np.zeros((len(self.gains), max(gains.size for gains in self.gains)))
        for query, (relevant, gains) in enumerate(zip(self.relevant, self.gains, strict=True)):
            found = members(rows[query], relevant) & counts[query]
            ranked[query, found] = gains[np.searchsorted(relevant, rows[query, found])]
            ideal[query, : gains.size] = np.sort(gains)[::-1]
        return Gains(ranked, ideal)

    def is_ignored(self, rows: npt.NDArray[np.integer]) -> BoolArray:
        """Mark what is ignored in the rankings `rows` (Q, K)."""
        return members_by_query(ranked_rows(rows, len(self.query_ids)), self.ignored)

    def select(self, mask: npt.NDArray[np.bool_]) -> Self:
        """Return the truth of the queries where `mask` (Q,) is True, in the same order."""
        places = np.flatnonzero(query_mask(mask, len(self.query_ids))).tolist()
        return type(self)(
            tuple(self.query_ids[place] for place in places),
            tuple(self.relevant[place] for place in places),
            tuple(self.ignored[place] for place in places),
            tuple(self.usages[place] for place in places),
            self.easy and tuple(self.easy[place] for place in places),
            self.gains and tuple(self.gains[place] for place in places),
            self.closes_up,
            self.num_images,
        )

    def _check_gains(self, gains: tuple[FloatArray, ...]) -> None:
        for relevant, values in zip(self.relevant, gains, strict=True):
            # Sorting the rows would take them away from their gains.
            if values.shape != np.shape(relevant) or (np.diff(relevant) <= 0).any() or not (values > 0).all():
                raise ValueError("gains must be above 0, one for each relevant row, and those must ascend")

    @classmethod
    def from_labels(
        cls,
        query_ids: Sequence[str],
        query_labels: Sequence[str],
        database_rows: Sequence[int] | IntArray,
        database_ids: Sequence[str],
        database_labels: Sequence[str],
        usages: Sequence[str] | None = None,
    ) -> Self:
        """Take as correct every database row with the query's label, except the query's own image.

        A database row with the label '' is correct for nothing. Queries of one label share one array.

        Raises:
            ValueError: there are not as many labels, rows or usages as ids.
            EvaluationError: there is no query, an id is there twice, or a query has no label
                or no relevant row; the first of them is named.
        """
        relevant, own = rows_of_labels(query_ids, query_labels, database_rows, database_ids, database_labels)
        parts = ("",) * len(query_ids) if usages is None else tuple(usages)
        return cls(tuple(query_ids), relevant, own, parts, num_images=len(database_ids))

    @classmethod
    def from_solution(cls, path: str | Path, rows_by_id: Mapping[str, int]) -> Self:
        """Read the solution file of GLDv2 retrieval; `rows_by_id` tells the row of each database image.

        Records marked Ignored leave the truth, usages are kept in lower case ('' without the column),
        and the query's own id among its images does not count.

        Raises:
            EvaluationError: the file is unfit, or an image is not in the database; file, line and id
                are named.
        """
        return cls.from_records(list(read_solution(Path(path))), rows_by_id)

    @classmethod
    def from_records(
        cls,
        records: Sequence[SolutionRecord],
        rows_by_id: Mapping[str, int],
        num_images: int | None = None,
    ) -> Self:
        """Take the records of a solution file, as `from_solution` does; `num_images` has the whole database.

        Raises:
            EvaluationError: an image is not in `rows_by_id`; file, line and id are named.
        """
        query_ids = tuple(record.query_id for record in records)
        return cls(
            query_ids,
            tuple(rows_named(record.image_ids, rows_by_id, record.place) for record in records),
            own_rows(query_ids, rows_by_id),
            tuple(record.usage for record in records),
            num_images=num_images,
        )
