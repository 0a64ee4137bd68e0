"""Draw answers as one picture: a row a query, the query in front, then its hits with rank and score."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extract.errors import PhotoError
from retrieval import canvas
from retrieval.engine import Hit

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_CELL, _CAPTION, _GAP, _FRAME = (200, 150), 34, 10, 4
_QUERY, _NEUTRAL, _CORRECT, _WRONG = "#2860c8", "#b8b8b8", "#1f9d4d", "#cc3333"
# A taller picture than this cannot be opened by most viewers.
_MAX_ROWS = 200


def draw(
    path: str | Path,
    answers: Sequence[tuple[str, Sequence[Hit]]],
    *,
    correct: Sequence[set[str]] | None = None,
    titles: Sequence[str] | None = None,
) -> None:
    """Write the picture of `answers`, each a query's file and its hits, to `path` (PNG, or by its suffix).

    With `correct`, ids a query, hits are framed green or red. `titles` stand under the queries.

    Raises:
        RetrieveError: the file cannot be written, or its suffix is no picture format.
    """
    from PIL import Image, ImageDraw

    answers = answers[:_MAX_ROWS]
    columns = 1 + max((len(hits) for _, hits in answers), default=0)
    width = columns * (_CELL[0] + _GAP) + _GAP
    row_height = _CELL[1] + _CAPTION + _GAP
    picture = Image.new("RGB", (width, len(answers) * row_height + _GAP), canvas.BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for row, (query, hits) in enumerate(answers):
        top = _GAP + row * row_height
        title = titles[row] if titles else Path(query).name
        _cell(picture, pen, (_GAP, top), query, _QUERY, ["query", title])
        for place, hit in enumerate(hits):
            left = _GAP + (place + 1) * (_CELL[0] + _GAP)
            frame = _NEUTRAL
            if correct is not None:
                frame = _CORRECT if hit.id in correct[row] else _WRONG
            _cell(picture, pen, (left, top), hit.path, frame, [_scores(hit), hit.id])
    canvas.save(picture, path)


def _scores(hit: Hit) -> str:
    inliers = hit.columns.get("inliers")
    return f"{hit.rank}.  {hit.score:.3f}" + (f"  ({inliers:.0f} inliers)" if inliers else "")


def _cell(
    picture: "Image", pen: "ImageDraw", corner: tuple[int, int], file: str, frame: str, lines: list[str]
) -> None:
    left, top = corner
    box = (left, top, left + _CELL[0] - 1, top + _CELL[1] - 1)
    inner = (_CELL[0] - 2 * _FRAME, _CELL[1] - 2 * _FRAME)
    try:
        photo, _ = canvas.read(file, inner)
        offset = (left + (_CELL[0] - photo.width) // 2, top + (_CELL[1] - photo.height) // 2)
        picture.paste(photo, offset)
    except PhotoError as error:
        # The file may have moved since it was indexed; the answer is still worth showing.
        pen.text((left + 2 * _FRAME, top + _CELL[1] // 2), str(error), fill=canvas.TEXT)
    pen.rectangle(box, outline=frame, width=_FRAME)
    for number, line in enumerate(lines):
        pen.text(
            (left, top + _CELL[1] + 3 + 14 * number), canvas.fitted(pen, line, _CELL[0]), fill=canvas.TEXT
        )
