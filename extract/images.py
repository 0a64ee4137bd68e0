"""Decode photographs: upright, RGB, bounded in size, and any bytes at all without a crash."""

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from extract import quiet
from extract.errors import ConfigError, PhotoError, PhotoRetryError
from extract.picture_formats import open_picture, short_reason
from extract.picture_modes import rgb_pixels

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

Pixels = npt.NDArray[np.uint8]

# libjpeg scales while it decodes, but its scales above 2/3 are slow and blur: on one core 1200 -> 1024 px
# takes 19.5 ms by way of 7/8 and 13.9 ms in full, 2000 -> 1024 px 24.6 ms by way of 5/8 and 40.0 ms in full.
_SMALLEST_JPEG_REDUCTION = 1.5
_EXIF_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)


@dataclass(frozen=True)
class Config:
    """How large a decoded picture may be, and how large a file may claim to be.

    WebP, GIF and TIFF have a limit in Pillow as well, 2 x `PIL.Image.MAX_IMAGE_PIXELS` (179 million).
    """

    max_side_px: int = 1024
    max_pixels: int = 200_000_000

    def __post_init__(self) -> None:
        for name, value in (("max_side_px", self.max_side_px), ("max_pixels", self.max_pixels)):
            if type(value) is not int or value < 1:
                raise ConfigError(f"images.{name} must be a whole number of at least 1, got {value!r}")


@dataclass(frozen=True, eq=False)
class Photo:
    """One decoded photograph.

    `pixels` (h, w, 3) uint8 RGB, contiguous and writable, upright; `width` and `height` are those of the
    original in pixels, upright too, so that points found in `pixels` can be given in original pixels.
    """

    pixels: Pixels
    width: int
    height: int


def read_photo(path: str | os.PathLike[str], config: Config) -> Photo:
    """Read and decode one file.

    Raises:
        PhotoError: a short reason, without the path.
    """
    return decode(read_bytes(path), config)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a regular file whole (a pipe or a device would never end).

    Raises:
        PhotoError: a short reason, without the path.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise PhotoError("not a file")
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise PhotoError("no such file") from None
    except PermissionError:
        raise PhotoError("no permission to read it") from None
    except OSError as error:
        raise PhotoError(f"cannot be read: {error.strerror or error}") from error
    except ValueError:
        raise PhotoError("no such file (its name holds a zero byte)") from None
    except MemoryError:
        raise PhotoRetryError("too large for the memory") from None


def decode(data: bytes, config: Config) -> Photo:
    """Decode the bytes of a file: first frame, EXIF orientation applied, longest side at most `max_side_px`.

    The same bytes always give the same pixels; a smaller picture is not enlarged. Safe in threads, and the
    codecs release the GIL. `cv2.resize` has threads of its own: where decoding has many, call
    `cv2.setNumThreads(1)` once.

    Raises:
        PhotoError: a short reason; whatever the bytes are, nothing else is raised.
    """
    if not data:
        raise PhotoError("empty file")
    with quiet.picture_libraries():
        image = open_picture(data)
        width, height = image.size
        if width * height > config.max_pixels:
            raise PhotoError(f"{width} x {height} is above the limit of {config.max_pixels:,} pixels")
        try:
            return _decode(data, image, config.max_side_px)
        except MemoryError:
            raise PhotoRetryError(f"{width} x {height} is too large for the memory") from None
        except Exception as error:  # the image skip: codecs raise whatever their authors thought of
            raise PhotoError(f"cut off or damaged: {short_reason(error)}") from error


def _decode(data: bytes, image: "ImageFile", max_side_px: int) -> Photo:
    pixels = _scaled_jpeg(data, image, max_side_px)
    if pixels is None:
        image.load()
        pixels = rgb_pixels(image, 2 * max_side_px)
    width, height = image.size
    orientation = _orientation(image)
    pixels = _upright(bounded(pixels, width, height, max_side_px), orientation)
    if orientation in _ON_ITS_SIDE:
        width, height = height, width
    return Photo(np.require(pixels, np.uint8, ["C", "W"]), width, height)


def _scaled_jpeg(data: bytes, image: "ImageFile", max_side_px: int) -> Pixels | None:
    """Decode a flawless JPEG, scaled down on the way where that is fast.

    None: not a grey or colour JPEG, or libjpeg warns of it. Pillow then decides: it fails where bytes are
    missing and passes over bytes too many.
    """
    if image.format != "JPEG" or image.mode not in ("L", "RGB"):
        return None
    import simplejpeg

    width, height = image.size
    try:
        if simplejpeg.decode_jpeg_header(data)[:2] != (height, width):
            return None
        pixels: Pixels = simplejpeg.decode_jpeg(
            data,
            "RGB",
            min_width=min(max_side_px, width) if width >= height else 0,
            min_height=min(max_side_px, height) if height > width else 0,
            min_factor=_SMALLEST_JPEG_REDUCTION,
            strict=True,
        )
    except ValueError:
        return None
    return _without_padding(pixels, width, height)


def _without_padding(pixels: Pixels, width: int, height: int) -> Pixels:
    """Cut the last row and column where less than half of them is picture.

    libjpeg scales by n / 8 and rounds sizes up: 427 rows at 3 / 8 come as 161, of which 160.125 are picture.
    Left in, they shift what lies beside them by up to a pixel.
    """
    eighths = round(8 * max(pixels.shape[:2]) / max(width, height))
    return pixels[: max(1, round(height * eighths / 8)), : max(1, round(width * eighths / 8))]


def bounded(pixels: Pixels, width: int, height: int, max_side_px: int) -> Pixels:
    """Shrink to the size that a picture of `width` x `height` has with its longest side at `max_side_px`."""
    longest = max(width, height)
    if longest <= max_side_px:
        return pixels
    import cv2

    scale = max_side_px / longest
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _orientation(image: "ImageFile") -> int:
    """Give the EXIF orientation still to be applied, 1 to 8; call it after loading, which may apply it."""
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        return int(orientation) if orientation in range(1, 9) else 1
    except Exception:  # a photo with damaged EXIF is still a photo
        return 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror as the EXIF orientation asks. Source: EXIF 2.32, tag 274."""
    if orientation in _ON_ITS_SIDE:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
