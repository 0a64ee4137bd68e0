"""Tell a picture's format from its first bytes and open its header."""

import importlib
import io
from typing import TYPE_CHECKING

from extract.errors import PhotoError, PhotoRetryError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_READERS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "HEIC": ("pillow_heif", "HeifImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
}
_SUPPLIERS = {"HEIC": "the package pillow-heif", "AVIF": "Pillow 11.3 or newer"}
_LONGEST_REASON = 120


def open_picture(data: bytes) -> "ImageFile":
    """Read the header of `data` with Pillow; no pixel is decoded.

    The class of the format is called itself, not `PIL.Image.open`: that asks all plug-ins (one of them starts
    Ghostscript) and holds the size against `PIL.Image.MAX_IMAGE_PIXELS`, a limit of the whole process.

    Raises:
        PhotoError: no format that we know, or its header is damaged.
    """
    name = picture_format(data)
    if name is None:
        raise PhotoError(f"not a picture that we can read ({', '.join(_READERS)})")
    try:
        return _reader(name)(io.BytesIO(data))
    except PhotoError:
        raise
    except Exception as error:  # the image skip: readers raise whatever their authors thought of
        raise PhotoError(f"not a picture that we can read ({name}: {short_reason(error)})") from error


def picture_format(data: bytes) -> str | None:
    """Name the format by content alone, 'JPEG' to 'AVIF'; None if it is none of the eight."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _iso_media_format(data)
    return None


def short_reason(error: Exception) -> str:
    """Put an exception of a picture library on one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _iso_media_format(data: bytes) -> str | None:
    """Tell AVIF from HEIC (and both from a film) by all the brands that the file claims."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[start : start + 4] for start in range(16, end - 3, 4)}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if brands & _HEIC_BRANDS else None


def _reader(name: str) -> "type[ImageFile]":
    """Import Pillow's class for one format."""
    module, reader = _READERS[name]
    try:
        found: type[ImageFile] = getattr(importlib.import_module(module), reader)
    except ImportError:
        raise PhotoRetryError(f"{name} needs {_SUPPLIERS.get(name, 'the package pillow')}") from None
    return found
