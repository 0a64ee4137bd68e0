"""The images that are searched: ids, rows and labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self


@dataclass(frozen=True, eq=False)
class ImageIndex:
    """N images, each with a row of its own; rows need not be without gaps.

    `labels` are '' for an image without one, and None where nobody gave any. `source` is the list that names
    the images, '' where the truth does so itself.

    Raises:
        ValueError: there are not as many rows or labels as ids, or an id is there twice.
    """

    ids: tuple[str, ...]
    rows: tuple[int, ...]
    labels: tuple[str, ...] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.ids) or len(set(self.ids)) != len(self.ids):
            raise ValueError("an index must have each image once, with a row for each")
        if self.labels is not None and len(self.labels) != len(self.ids):
            raise ValueError(f"labels must be {len(self.ids)}, got {len(self.labels)}")

    @cached_property
    def row_of_id(self) -> Mapping[str, int]:
        """The row of each image."""
        return dict(zip(self.ids, self.rows, strict=True))

    @cached_property
    def id_of_row(self) -> Mapping[int, str]:
        """The image of each row."""
        return dict(zip(self.rows, self.ids, strict=True))

    @property
    def end(self) -> int:
        """The first row behind all images."""
        return max(self.rows, default=-1) + 1

    @classmethod
    def of(cls, ids: Iterable[str], labels: Sequence[str] | None = None, source: str = "") -> Self:
        """Number the images as they come; an id that comes again is passed over where there are no labels."""
        names = tuple(ids) if labels is not None else tuple(dict.fromkeys(ids))
        return cls(names, tuple(range(len(names))), None if labels is None else tuple(labels), source)
