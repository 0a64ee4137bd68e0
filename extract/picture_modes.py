"""Turn any kind of Pillow picture into 8-bit RGB."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image

_REDUCIBLE_MODES = {"L", "RGB", "LA", "RGBA", "CMYK", "YCbCr"}


def rgb_pixels(image: "Image", min_side_px: int) -> npt.NDArray[np.uint8]:
    """Convert a loaded picture to (h, w, 3) RGB; what is transparent becomes white.

    A picture at least twice as long as `min_side_px` may come back smaller by a whole factor (the mean of
    each block), its longest side still at least `min_side_px`: the full picture is then never copied.
    """
    factor = max(image.size) // min_side_px
    if factor >= 2 and image.mode in _REDUCIBLE_MODES and "transparency" not in image.info:
        image = image.reduce(factor)
    if image.mode.startswith("I;16"):
        return _three_channels(_high_bytes(np.asarray(image)))
    if image.mode == "I":
        return _three_channels(_from_integers(np.asarray(image)))
    if image.mode == "F":
        return _three_channels(_stretched(np.asarray(image)))
    return np.asarray(_on_white(image))


def _on_white(image: "Image") -> "Image":
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    from PIL import Image

    opaque = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(opaque, mask=opaque)
    return white


def _from_integers(values: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Take values within 16 bits as 16-bit grey (older Pillow opens such PNGs so), others by their range."""
    if values.min() >= 0 and values.max() <= np.iinfo(np.uint16).max:
        return _high_bytes(values)
    return _stretched(values)


def _high_bytes(values: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    return (values >> 8).astype(np.uint8)


def _stretched(values: npt.NDArray[np.integer | np.floating]) -> npt.NDArray[np.uint8]:
    """Map the smallest finite value to 0 and the largest to 255; NaN, infinities and a flat picture to 0."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    known = np.where(finite, values, values[finite].min()).astype(np.float64)
    known -= known.min()
    return np.rint(known * (255.0 / (known.max() or 1.0))).astype(np.uint8)


def _three_channels(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
