"""What pictures of answers share: file formats, photographs at a size, texts that fit."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from extract import images
from extract.errors import RetrieveError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

BACKGROUND, TEXT = "white", "#222222"
_PART_SUFFIX = ".part"


def check_format(path: str | Path) -> None:
    """Refuse a file name whose suffix is no picture format.

    Raises:
        RetrieveError: Pillow cannot write such a file.
    """
    _format(path)


def read(file: str | os.PathLike[str], size: tuple[int, int]) -> tuple["Image", tuple[int, int]]:
    """Read a photograph upright and at most of `size`; give it and its original width and height.

    Raises:
        PhotoError: it cannot be read.
    """
    from PIL import Image

    photo = images.read_photo(file, images.Config(max_side_px=max(size)))
    picture = Image.fromarray(photo.pixels)
    picture.thumbnail(size)
    return picture, (photo.width, photo.height)


def fitted(pen: "ImageDraw", line: str, width: int) -> str:
    """Shorten `line` from its front until it is at most `width` pixels wide."""
    line = "".join(char if char.isprintable() else "?" for char in line)
    while pen.textlength(line) > width and len(line) > 1:
        line = "…" + line[2:]
    return line


def save(picture: "Image", path: str | Path) -> None:
    """Write `picture` whole or not at all, in the format that the suffix of `path` names.

    Raises:
        RetrieveError: the file cannot be written, or its suffix is no picture format.
    """
    path = Path(path)
    part = path.with_name(path.name + _PART_SUFFIX)
    content = io.BytesIO()
    try:
        picture.save(content, _format(path))
        part.write_bytes(content.getvalue())
        os.replace(part, path)
    except (OSError, ValueError) as error:
        part.unlink(missing_ok=True)
        raise RetrieveError(f"cannot write the picture {str(path)!r}: {error}") from error


def _format(path: str | Path) -> str:
    from PIL import Image

    name = Image.registered_extensions().get(Path(path).suffix.lower())
    if name not in Image.SAVE:
        raise RetrieveError(f"cannot write a picture as {str(path)!r}: name it .png or .jpg")
    return name
