"""Photographs that installed packages ship, cut into places, and hard second views of them."""

import csv
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from extract import images
from extract.errors import PhotosError

# Photographs with enough to see, by package; textures among them are alike on purpose.
_SHIPPED = {
    "sklearn": ("datasets/images", ("china.jpg", "flower.jpg")),
    "skimage": (
        "data",
        (
            "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png",
            "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "page.png",
            "retina.jpg", "rocket.jpg", "text.png",
        ),
    ),
}  # fmt: skip
_TILES = 2
_MIN_TILE_PX = 96
_VIEW_SIDE_PX = 400


@dataclass(frozen=True)
class Demo:
    """Where the lists of the demonstration lie: what to index and what to ask, with labels."""

    index: Path
    queries: Path
    places: int


def make(folder: Path, seed: int = 0) -> Demo:
    """Write the photographs and their lists under `folder`; the same seed writes the same pictures.

    Each photograph is cut into four places. The index gets each place as it is and once seen a little
    differently; the query is a hard view of it: from aside, cropped, in other light, compressed hard.

    Raises:
        PhotosError: neither scikit-learn nor scikit-image is installed, or the folder cannot be written.
    """
    rng = np.random.default_rng(seed)
    index: list[tuple[str, str]] = []
    queries: list[tuple[str, str]] = []
    try:
        for kind in ("index", "query"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
        for label, tile in _places():
            views = {
                f"index/{label}-a.jpg": _jpeg(tile, 90),
                f"index/{label}-b.jpg": _jpeg(_view(tile, rng, hardness=0.35), 80),
                f"query/{label}.jpg": _jpeg(_view(tile, rng, hardness=1.0), int(rng.integers(12, 30))),
            }
            for name, content in views.items():
                (folder / name).write_bytes(content)
                (queries if name.startswith("query") else index).append((name, label))
        lists = [
            _write_list(folder / f"{name}.csv", rows) for name, rows in (("index", index), ("query", queries))
        ]
    except OSError as error:
        raise PhotosError(f"cannot write the demonstration to {str(folder)!r}: {error.strerror}") from error
    return Demo(lists[0], lists[1], len(queries))


def _places() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    files = list(_shipped_files())
    if not files:
        raise PhotosError("the demonstration uses the photographs in scikit-image; pip install scikit-image")
    for file in files:
        pixels = images.read_photo(file, images.Config()).pixels
        height, width = pixels.shape[0] // _TILES, pixels.shape[1] // _TILES
        if min(height, width) < _MIN_TILE_PX:
            continue
        for row in range(_TILES):
            for column in range(_TILES):
                tile = pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]
                yield f"{file.stem}-{row}{column}", tile


def _shipped_files() -> Iterator[Path]:
    for package, (folder, names) in _SHIPPED.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for name in names:
            path = Path(spec.origin).parent / folder / name
            if path.exists():
                yield path


def _view(tile: NDArray[np.uint8], rng: np.random.Generator, hardness: float) -> NDArray[np.uint8]:
    """See `tile` from another place: a random quadrilateral inside it fills the picture, in other light."""
    height, width = tile.shape[:2]
    reach = 0.30 * hardness
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)
    inward = np.where(corners > 0, -1, 1) * rng.uniform(0, reach, (4, 2))
    angle = np.deg2rad(rng.uniform(-30, 30) * hardness)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    seen = np.clip((corners + inward - 0.5) @ turn.T + 0.5, 0, 1) * (width, height)
    scale = _VIEW_SIDE_PX / max(height, width)
    size = (round(width * scale), round(height * scale))
    target = corners * size
    warp = cv2.getPerspectiveTransform(seen.astype(np.float32), target.astype(np.float32))
    view = cv2.warpPerspective(tile, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    gamma = 2.0 ** (rng.uniform(-1, 1) * hardness)
    cast = 1 + rng.uniform(-0.25, 0.25, 3) * hardness
    lit = 255 * (view / 255.0) ** gamma * cast + rng.uniform(-30, 30) * hardness
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    done, content = cv2.imencode(
        ".jpg", np.ascontiguousarray(pixels[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise ValueError("OpenCV could not encode a picture")
    return bytes(content)


def _write_list(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "file", "label"])
        writer.writerows((Path(name).stem, name, label) for name, label in rows)
    return path
