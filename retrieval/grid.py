"""Draw answers as one picture: a row a query, the query in front, then its hits with rank and score."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extract import images
from extract.errors import PhotoError, RetrieveError
from retrieval.engine import Hit

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_CELL, _CAPTION, _GAP, _FRAME = (200, 150), 34, 10, 4
_BACKGROUND, _TEXT = "white", "#222222"
_QUERY, _NEUTRAL, _CORRECT, _WRONG = "#2860c8", "#b8b8b8", "#1f9d4d", "#cc3333"
# A taller picture than this cannot be opened by most viewers.
_MAX_ROWS = 200


def check_format(path: str | Path) -> None:
    """Refuse a file name whose suffix is no picture format.

    Raises:
        RetrieveError: Pillow cannot write such a file.
    """
    from PIL import Image

    suffix = Path(path).suffix.lower()
    if Image.registered_extensions().get(suffix) not in Image.SAVE:
        raise RetrieveError(f"cannot write a picture as {str(path)!r}: name it .png or .jpg")


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
    canvas = Image.new("RGB", (width, len(answers) * row_height + _GAP), _BACKGROUND)
    pen = ImageDraw.Draw(canvas)
    for row, (query, hits) in enumerate(answers):
        top = _GAP + row * row_height
        title = titles[row] if titles else Path(query).name
        _cell(canvas, pen, (_GAP, top), query, _QUERY, ["query", title])
        for place, hit in enumerate(hits):
            left = _GAP + (place + 1) * (_CELL[0] + _GAP)
            frame = _NEUTRAL
            if correct is not None:
                frame = _CORRECT if hit.id in correct[row] else _WRONG
            _cell(canvas, pen, (left, top), hit.path, frame, [_scores(hit), hit.id])
    try:
        canvas.save(path)
    except (OSError, ValueError) as error:
        raise RetrieveError(f"cannot write the picture {str(path)!r}: {error}") from error


def _scores(hit: Hit) -> str:
    inliers = hit.columns.get("inliers")
    return f"{hit.rank}.  {hit.score:.3f}" + (f"  ({inliers:.0f} inliers)" if inliers else "")


def _cell(
    canvas: "Image", pen: "ImageDraw", corner: tuple[int, int], file: str, frame: str, lines: list[str]
) -> None:
    from PIL import Image

    left, top = corner
    box = (left, top, left + _CELL[0] - 1, top + _CELL[1] - 1)
    inner = (_CELL[0] - 2 * _FRAME, _CELL[1] - 2 * _FRAME)
    try:
        picture = Image.fromarray(images.read_photo(file, images.Config(max_side_px=max(inner))).pixels)
        picture.thumbnail(inner)
        offset = (left + (_CELL[0] - picture.width) // 2, top + (_CELL[1] - picture.height) // 2)
        canvas.paste(picture, offset)
    except PhotoError as error:
        # The file may have moved since it was indexed; the answer is still worth showing.
        pen.text((left + 2 * _FRAME, top + _CELL[1] // 2), str(error), fill=_TEXT)
    pen.rectangle(box, outline=frame, width=_FRAME)
    for number, line in enumerate(lines):
        pen.text((left, top + _CELL[1] + 3 + 14 * number), _fitted(pen, line), fill=_TEXT)


def _fitted(pen: "ImageDraw", line: str) -> str:
    line = "".join(char if char.isprintable() else "?" for char in line)
    while pen.textlength(line) > _CELL[0] and len(line) > 1:
        line = "…" + line[2:]
    return line
