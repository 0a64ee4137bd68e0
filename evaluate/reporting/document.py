"""What a report says, apart from how it looks: a title, main figures, and sections made of blocks."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

# Pictures travel inside the page; SVG is left out because it is a program as much as a picture.
_EMBEDDED = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True)
class Interval:
    """A figure and the ends of its interval; what is not a number is shown as missing."""

    value: float
    low: float
    high: float


Cell = str | int | float | Interval | None


@dataclass(frozen=True)
class Table:
    """Rows of as many cells as there are columns; None is a cell without a value.

    The first column names the row. `caption` says what the table shows.

    Raises:
        ValueError: a row has another length, or there is no column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("a table must have at least one column")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row must have {len(self.columns)} cells, got {row!r}")

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold values and no text, so that they are aligned at their right."""
        return tuple(
            any(cell is not None for cell in cells) and not any(isinstance(cell, str) for cell in cells)
            for cells in ([row[place] for row in self.rows] for place in range(len(self.columns)))
        )


@dataclass(frozen=True)
class Series:
    """A line through the points (x, y), x rising, and the ends of a band around it, or no band.

    Raises:
        ValueError: there is no point, lengths differ, a number is not finite, x does not rise, or one
            end of the band comes without the other.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.name!r}: low and high must be given together")
        numbers = [self.x, self.y, *(end for end in (self.low, self.high) if end is not None)]
        if not self.x or {len(line) for line in numbers} != {len(self.x)}:
            raise ValueError(f"{self.name!r}: x, y, low and high must be of one length, 1 or more")
        if not all(math.isfinite(number) for line in numbers for number in line):
            raise ValueError(f"{self.name!r}: every number must be finite")
        if any(after <= before for before, after in pairwise(self.x)):
            raise ValueError(f"{self.name!r}: x must rise")


@dataclass(frozen=True)
class Chart:
    """Lines on common axes; `y_range` is what the y axis spans, `logarithmic` is about the x axis.

    `level` is how often the bands hold the truth.

    Raises:
        ValueError: there is no line, a y lies outside the range, or an x that has no logarithm.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    y_range: tuple[float, float] = (0.0, 1.0)
    logarithmic: bool = False
    level: float = 0.95

    def __post_init__(self) -> None:
        bottom, top = self.y_range
        if not self.series or not bottom < top:
            raise ValueError(f"{self.title!r}: a chart must have a line and a y_range that rises")
        for line in self.series:
            if not bottom <= min(line.y) <= max(line.y) <= top:
                raise ValueError(f"{line.name!r}: y must be from {bottom} to {top}")
            if self.logarithmic and line.x[0] <= 0:
                raise ValueError(f"{line.name!r}: x must be above 0 on a logarithmic axis, got {line.x[0]}")


@dataclass(frozen=True)
class Picture:
    """An image with its mark; `data_uri` is None where the image could not be opened.

    Raises:
        ValueError: `data_uri` is not a PNG, JPEG, WebP or GIF in base64, or the mark is unknown.
    """

    data_uri: str | None
    caption: str
    mark: Literal["query", "right", "wrong", "plain"] = "plain"

    def __post_init__(self) -> None:
        if self.data_uri is not None and not _EMBEDDED.fullmatch(self.data_uri):
            raise ValueError(f"a picture must be data:image/...;base64, got {self.data_uri[:60]!r}")
        if self.mark not in ("query", "right", "wrong", "plain"):
            raise ValueError(f"mark must be query, right, wrong or plain, got {self.mark!r}")


@dataclass(frozen=True)
class PictureRow:
    """Pictures side by side: a query and the first of its ranking."""

    title: str
    note: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Note:
    """A paragraph; a warning stands out."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True)
class Facts:
    """Names and their values: what produced the figures."""

    pairs: tuple[tuple[str, str | int | float], ...]


Block = Table | Chart | PictureRow | Note | Facts


@dataclass(frozen=True)
class Section:
    """A heading, a sentence below it ('' for none) and blocks."""

    title: str
    note: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Headline:
    """A main figure for the top of the page; `note` says what it was measured on."""

    name: str
    interval: Interval
    note: str


@dataclass(frozen=True)
class Document:
    """A whole report; `level` is how often its intervals hold the truth."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    headlines: tuple[Headline, ...] = ()
    level: float = 0.95
