"""A truth with the ids of its images: what any system's rankings are held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from evaluate.arrays import FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.image_index import ImageIndex
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Confidences
from evaluate.rankings import Rankings
from evaluate.truth import Truth


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """What is correct, and what else is known of Q queries and of the images.

    `truth` speaks of the rows of `images`. Where these are the whole index (`is_whole`), another id in a
    ranking is an error; else it is a wrong image. `passed_over` are queries that a ranking may hold and
    nobody asks about, those marked Ignored. `query_labels` (Q) are None where not every query has one.
    `columns` say more of each query (Q), by column name, to group them.
    `notes` tell what was decided in reading, `source` opens messages, `noun` says what is searched,
    `asked_in` is the list of queries where there is one of its own. `boxes` tell by query which part of a
    photograph is asked for, x1, y1, x2, y2 in pixels, NaN for the whole.
    """

    truth: Truth
    images: ImageIndex
    is_whole: bool
    source: str
    passed_over: frozenset[str] = frozenset()
    query_labels: tuple[str, ...] | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    noun: Literal["image", "landmark"] = "image"
    asked_in: str = ""
    boxes: Mapping[str, FloatArray] = field(default_factory=dict)

    def hold(self, rankings: Rankings) -> "Held":
        """Hold rankings against this truth, with labels and confidences where they are known.

        A query that they lack has no answer. Ids that a truth without the whole index does not name get
        rows behind its own.

        Raises:
            EvaluationError: the rankings hold a query or an image that is unknown, and place and id are
                named, or they answer no query.
        """
        scores = None
        rows, others = self._rows_and_others(rankings)
        if rankings.scores is not None:
            scores = np.full(rows.shape, np.nan)
            places, taken = self._places(rankings)
            scores[places] = rankings.scores[taken]
        return self.hold_rows(rows, scores, others)

    def hold_rows(self, rows: IntArray, scores: FloatArray | None, others: tuple[str, ...] = ()) -> "Held":
        """Hold rankings of this truth's own rows (Q, K) against it, as `hold` does.

        `rows` are in the order of its queries and padded with -1, `scores` (Q, K) or None; `others` name
        the images that have the rows behind its own.
        """
        labels = self.images.labels if self.is_whole and self.query_labels is not None else None
        closed, closed_scores = self.truth.closed_up(rows, scores)
        outcome = Outcome.from_rows(
            self.truth,
            rows,
            query_labels=None if labels is None else self.query_labels,
            labels_by_row=None if labels is None else dict(zip(self.images.rows, labels, strict=True)),
            confidences=None if closed_scores is None else self._confidences(closed_scores),
        )
        return Held(closed, closed_scores, outcome, rows, scores, others)

    def ids_of(self, held: "Held", place: int, count: int) -> tuple[str, ...]:
        """Name the first `count` images of a ranking, that of the query in `place`."""
        rows = [row for row in held.rows[place, :count].tolist() if row >= 0]
        end = self.images.end
        return tuple(held.others[row - end] if row >= end else self.images.id_of_row[row] for row in rows)

    def _rows_and_others(self, rankings: Rankings) -> tuple[IntArray, tuple[str, ...]]:
        """Give the rows (Q, K), and the ids of those behind the truth's own."""
        self._check_queries(rankings)
        rows, unknown = self._translated(rankings)
        others = tuple(rankings.image_ids[place] for place in unknown.tolist())
        rows[unknown] = self.images.end + np.arange(unknown.size)
        # The row of what stands at place -1, behind all: padding.
        translated = np.append(rows, -1)[rankings.rows]
        places, taken = self._places(rankings)
        table = np.full((len(self.truth.query_ids), rankings.rows.shape[1]), -1, dtype=np.int64)
        table[places] = translated[taken]
        return table, others

    def _places(self, rankings: Rankings) -> tuple[IntArray, IntArray]:
        """Tell where in the truth each ranking belongs, and which rankings belong anywhere."""
        place_of_query = {query_id: place for place, query_id in enumerate(self.truth.query_ids)}
        places = np.array([place_of_query.get(name, -1) for name in rankings.query_ids], dtype=np.int64)
        return places[places >= 0], np.flatnonzero(places >= 0)

    def _check_queries(self, rankings: Rankings) -> None:
        known = set(self.truth.query_ids) | self.passed_over
        for query_id in rankings.query_ids:
            if query_id not in known:
                raise EvaluationError(
                    f"{rankings.place(query_id)}: the query {query_id!r} is not in "
                    f"{self.asked_in or self.source}; "
                    "take it out of the rankings or give the truth that asks about it"
                )
        if not set(self.truth.query_ids).intersection(rankings.query_ids):
            raise EvaluationError(
                f"{rankings.source} answers none of the queries of {self.source}, such as "
                f"{self.truth.query_ids[0]!r}; give the rankings of these queries"
            )

    def _translated(self, rankings: Rankings) -> tuple[IntArray, IntArray]:
        """Give the row of each of the rankings' images, -1 where it has none, and the places of those."""
        row_of_id = self.images.row_of_id
        rows = np.fromiter((row_of_id.get(name, -1) for name in rankings.image_ids), np.int64)
        unknown = np.flatnonzero(rows < 0)
        # Of a truth that names correct images only, one query may well have none of them in its ranking.
        foreign = unknown.size == rows.size and len(rankings.query_ids) > 1 and self.noun == "image"
        if unknown.size and (self.is_whole or foreign):
            self._refuse(rankings, int(unknown[0]), num_unknown=unknown.size)
        return rows, unknown

    def _refuse(self, rankings: Rankings, image: int, num_unknown: int) -> None:
        image_id = rankings.image_ids[image]
        query_id = rankings.query_ids[int(np.argwhere(rankings.rows == image)[0, 0])]
        remedy = (
            "none of the ranked images is, so these are rankings of another collection"
            if num_unknown == len(rankings.image_ids)
            else "use the truth of the collection that was searched"
        )
        raise EvaluationError(
            f"{rankings.place(query_id, image_id)}: the image {image_id!r} (query {query_id!r}) is not in "
            f"{self.images.source or self.source}; {remedy}"
        )

    def _confidences(self, scores: FloatArray) -> Confidences:
        first = scores[:, 0] if scores.shape[1] else np.full(len(scores), np.nan)
        order = np.argsort(np.array(self.truth.query_ids, dtype=object), kind="stable")
        tie_order = np.empty(order.size, dtype=np.int64)
        tie_order[order] = np.arange(order.size)
        return Confidences(np.where(np.isnan(first), -np.inf, first), tie_order)


@dataclass(frozen=True, eq=False)
class Held:
    """Rankings as a truth sees them: `rows` (Q, K) best first and padded with -1, junk taken out.

    `given_rows` and `given_scores` still hold the junk.

    `scores` (Q, K) are NaN where padded, and None where nobody gave any. `others` name the images that the
    truth does not, in the order of the rows behind its own.
    """

    rows: IntArray
    scores: FloatArray | None
    outcome: Outcome
    given_rows: IntArray
    given_scores: FloatArray | None
    others: tuple[str, ...] = ()
