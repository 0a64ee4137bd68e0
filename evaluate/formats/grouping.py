"""Gathers the rows of a file whose queries may alternate, and gives them back query by query."""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from evaluate.arrays import IntArray
from evaluate.errors import EvaluationError


class Rows:
    """Rows of (line, query, image): three numbers a row, and every id once.

    A row's number is its place in the file, from 0; readers keep further values in arrays beside it.
    """

    def __init__(self) -> None:
        self._place_of_query: dict[str, int] = {}
        self._place_of_image: dict[str, int] = {}
        self._queries, self._images, self._lines = array("i"), array("i"), array("i")

    def __len__(self) -> int:
        return len(self._queries)

    def add(self, line: int, query_id: str, image_id: str) -> None:
        """Take the next row."""
        # len is taken before the id is added, so a new id gets the next number.
        queries, images = self._place_of_query, self._place_of_image
        self._queries.append(queries.setdefault(query_id, len(queries)))
        self._images.append(images.setdefault(image_id, len(images)))
        self._lines.append(line)

    def line(self, row: int) -> int:
        """Tell the line of a row."""
        return self._lines[row]

    def by_query(self) -> Iterator[tuple[str, IntArray, list[str]]]:
        """Yield (query id, its rows, their image ids), both in file order; queries as they first appear."""
        image_ids = list(self._place_of_image)
        queries = np.frombuffer(self._queries, dtype=np.intc) if self._queries else np.empty(0, np.intc)
        images = np.frombuffer(self._images, dtype=np.intc) if self._images else queries
        order = np.argsort(queries, kind="stable")
        ends = np.cumsum(np.bincount(queries, minlength=len(self._place_of_query)))
        start = 0
        for query_id, end in zip(self._place_of_query, ends.tolist(), strict=True):
            rows = order[start:end]
            yield query_id, rows, [image_ids[place] for place in images[rows].tolist()]
            start = end

    def once_by_query(self, path: Path, done: str) -> Iterator[tuple[str, IntArray, list[str]]]:
        """Yield what `by_query` does, where no query may have an image twice.

        Raises:
            EvaluationError: an image is there twice; "already" and `done` say what was done to it.
        """
        for query_id, rows, image_ids in self.by_query():
            if len(set(image_ids)) < len(image_ids):
                name, first, second = self._repeated(rows, image_ids)
                raise EvaluationError(
                    f"{path}, line {second}: the image {name!r} was already {done} for the query "
                    f"{query_id!r} on line {first}; keep one of the two"
                )
            yield query_id, rows, image_ids

    def _repeated(self, rows: IntArray, image_ids: Sequence[str]) -> tuple[str, int, int]:
        """Name the first image that is there twice among these rows, with its lines."""
        row_of: dict[str, int] = {}
        for row, image_id in zip(rows.tolist(), image_ids, strict=True):
            first = row_of.setdefault(image_id, row)
            if first != row:
                return image_id, self.line(first), self.line(row)
        raise ValueError("each image is there once")
