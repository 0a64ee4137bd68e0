"""Draw matches: the query beside each hit, and lines between what one plane shows in both."""

import colorsys
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extract.errors import PhotoError
from retrieval import canvas
from retrieval.explain import LocalMatches

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from retrieval.engine import Hit

MAX_HITS = 5
# More lines than this hide the photographs.
MAX_LINES = 100

_PANEL, _BETWEEN, _MARGIN, _CAPTION, _FONT_PX = (600, 450), 70, 16, 28, 15
_MISSING = "#d0d0d0"
# Lines are drawn this much larger and shrunk: Pillow's own have steps.
_OVERSAMPLING = 2
_LINE_PX, _DOT_PX, _OUTLINE_PX, _FAINT_PX = 1.5, 3.5, 2.5, 1.0
_FAINT, _OUTLINE, _SHADOW = (90, 90, 90, 90), (255, 255, 255, 235), (0, 0, 0, 130)
_LINE_OPACITY = 215
# Up to violet: the colours of both ends of the wheel look alike.
_HUES = 0.8
_EDGE_STEPS = 64
# Nearer to the camera than this share of the picture's middle, an outline runs off to infinity.
_NEAR = 0.05

Color = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Panel:
    """A photograph as it is drawn; `original` is its width and height in pixels, `note` why it is missing."""

    picture: "Image"
    original: tuple[int, int]
    note: str

    def place(self, points: NDArray[np.float64], corner: tuple[int, int]) -> NDArray[np.float64]:
        """Give where points (M, 2) of the original lie when the picture's upper left corner is `corner`."""
        # The centre of a photograph's first pixel is 0, 0; the picture's first pixel begins there.
        scale = np.array(self.picture.size) / self.original
        return np.asarray((points + 0.5) * scale + corner)


def choose(hits: Sequence["Hit"]) -> list["Hit"]:
    """Give the hits worth drawing: those with matches on one plane, else the first, at most MAX_HITS."""
    verified = [hit for hit in hits if hit.explanation is not None and hit.explanation.verified]
    return (verified or list(hits[:1]))[:MAX_HITS]


def draw(path: str | Path, query: str, hits: Sequence["Hit"]) -> None:
    """Write a picture with a line of two photographs for each of `hits`, which carry their explanations.

    Coloured lines join what the homography explains, red at the top of the query and violet at its bottom
    (of more than MAX_LINES an even choice), faint ones the other matches. The white frame in the hit is the
    query's outline. A photograph that can no longer be read is a grey panel.

    Raises:
        RetrieveError: the file cannot be written, or its suffix is no picture format.
    """
    from PIL import Image

    rows = [_row(_panel(query), _panel(hit.path), hit) for hit in hits]
    width = max((row.width for row in rows), default=0) + 2 * _MARGIN
    whole = Image.new("RGB", (width, sum(row.height + _MARGIN for row in rows) + _MARGIN), canvas.BACKGROUND)
    top = _MARGIN
    for row in rows:
        whole.paste(row, (_MARGIN, top))
        top += row.height + _MARGIN
    canvas.save(whole, path)


def _panel(file: str) -> _Panel:
    from PIL import Image

    try:
        return _Panel(*canvas.read(file, _PANEL), "")
    except PhotoError as error:
        # The file may have moved since it was indexed; the answer is still worth showing.
        return _Panel(Image.new("RGB", (_PANEL[0] // 2, _PANEL[1] // 2), _MISSING), (1, 1), str(error))


def _row(query: _Panel, hit: _Panel, shown: "Hit") -> "Image":
    from PIL import Image, ImageDraw, ImageFont

    corners = (0, _CAPTION), (query.picture.width + _BETWEEN, _CAPTION)
    width = corners[1][0] + hit.picture.width
    height = _CAPTION + max(query.picture.height, hit.picture.height)
    row = Image.new("RGB", (width, height), canvas.BACKGROUND)
    pen = ImageDraw.Draw(row)
    pen.font = ImageFont.load_default(_FONT_PX)
    pen.text((0, 2), canvas.fitted(pen, _caption(shown), width), fill=canvas.TEXT)
    for panel, corner in zip((query, hit), corners, strict=True):
        row.paste(panel.picture, corner)
        if panel.note:
            pen.text((corner[0] + 10, corner[1] + panel.picture.height // 2), panel.note, fill=canvas.TEXT)
    found = shown.explanation.matches if shown.explanation else None
    if found is None or query.note or hit.note:
        return row
    large = Image.new("RGBA", (width * _OVERSAMPLING, height * _OVERSAMPLING))
    _draw_matches(large, query, hit, corners, found)
    lines = large.resize(row.size, Image.Resampling.BOX)
    row.paste(lines, mask=lines)
    return row


def _caption(hit: "Hit") -> str:
    explained = hit.explanation
    if explained is None or explained.matches is None:
        return f"{hit.rank}.  {hit.id}"
    before = "" if explained.before is None else f"  (rank {explained.before} before)"
    count, inliers = len(explained.matches.inliers), int(explained.matches.inliers.sum())
    return f"{hit.rank}.  {hit.id}{before}   {inliers} of {count} matches on one plane"


def _draw_matches(
    layer: "Image",
    query: _Panel,
    hit: _Panel,
    corners: tuple[tuple[int, int], tuple[int, int]],
    found: LocalMatches,
) -> None:
    from PIL import Image, ImageDraw

    pen = ImageDraw.Draw(layer)
    left = query.place(found.query_points.astype(np.float64), corners[0]) * _OVERSAMPLING
    right = hit.place(found.hit_points.astype(np.float64), corners[1]) * _OVERSAMPLING
    for start, end in zip(left[~found.inliers], right[~found.inliers], strict=True):
        _line(pen, start, end, _FAINT, _FAINT_PX)
    if found.homography is None:
        return
    # On a layer of its own, so that what lies outside the hit is cut off.
    frame = Image.new("RGBA", (hit.picture.width * _OVERSAMPLING, hit.picture.height * _OVERSAMPLING))
    frame_pen = ImageDraw.Draw(frame)
    edges = _outline(found.homography, query.original)
    for color, width in ((_SHADOW, _OUTLINE_PX + 2), (_OUTLINE, _OUTLINE_PX)):
        for edge in edges:
            start, end = hit.place(edge, (0, 0)) * _OVERSAMPLING
            _line(frame_pen, start, end, color, width)
    layer.alpha_composite(frame, (corners[1][0] * _OVERSAMPLING, corners[1][1] * _OVERSAMPLING))
    inliers = np.flatnonzero(found.inliers)
    inliers = inliers[np.linspace(0, len(inliers) - 1, min(len(inliers), MAX_LINES)).astype(int)]
    heights = found.query_points[inliers, 1]
    for match, height in zip(inliers, heights, strict=True):
        color = _color(float((height - heights.min()) / max(1.0, heights.max() - heights.min())))
        _line(pen, left[match], right[match], color, _LINE_PX)
        for x, y in (left[match], right[match]):
            reach = _DOT_PX * _OVERSAMPLING
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=color, outline=_SHADOW)


def _line(
    pen: "ImageDraw", start: NDArray[np.float64], end: NDArray[np.float64], color: Color, width: float
) -> None:
    pen.line([tuple(start), tuple(end)], fill=color, width=round(width * _OVERSAMPLING))


def _color(place: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(_HUES * place, 0.9, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue), _LINE_OPACITY


def _outline(homography: NDArray[np.float64], size: tuple[int, int]) -> list[NDArray[np.float64]]:
    """Give the outline of a picture of `size` under `homography` as short pieces (2, 2), end by end.

    Pieces that lie behind the camera of the other view, or all but there, are left out.
    """
    width, height = size
    box = np.array([[0, 0], [width, 0], [width, height], [0, height], [0, 0]], np.float64) - 0.5
    steps = np.linspace(0, 1, _EDGE_STEPS, endpoint=False)[:, None]
    points = np.concatenate([a + steps * (b - a) for a, b in itertools.pairwise(box)])
    points = np.concatenate([points, points[:1]])
    middle = homography @ [width / 2, height / 2, 1.0]
    mapped = np.column_stack([points, np.ones(len(points))]) @ homography.T
    depths = mapped[:, 2] / middle[2]
    seen = depths > _NEAR
    mapped = mapped[:, :2] / np.where(seen, mapped[:, 2], 1.0)[:, None]
    return [mapped[i : i + 2] for i in range(len(points) - 1) if seen[i] and seen[i + 1]]
