"""The size rule: which pixels the network sees, in few shapes so that batches need no padding."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

SizeRule = Literal["longest", "crop"]

# In sides of the crop.
_WIDEST_CROPPED = 4


def fit(
    pixels: NDArray[np.uint8], rule: SizeRule, size_px: int, resize_px: int, multiple_px: int
) -> NDArray[np.uint8]:
    """Resize `pixels` (h, w, 3) for the network.

    `longest`: the longest side becomes `size_px`, the other keeps the aspect to the nearest multiple of
    `multiple_px`. `crop`: the shortest side becomes `resize_px`, then the central `size_px` square.
    """
    height, width = pixels.shape[:2]
    if rule == "longest":
        scale = size_px / max(height, width)
        return _resize(
            pixels, _to_multiple(height * scale, multiple_px), _to_multiple(width * scale, multiple_px)
        )
    scale = resize_px / min(height, width)
    # What a narrow strip would be enlarged to has no bound: what lies far outside the crop is cut off first.
    most = int(np.ceil(_WIDEST_CROPPED * size_px / scale))
    middle = pixels[_middle(height, most), _middle(width, most)]
    resized = _resize(
        middle,
        max(size_px, round(middle.shape[0] * scale)),
        max(size_px, round(middle.shape[1] * scale)),
    )
    top, left = (resized.shape[0] - size_px) // 2, (resized.shape[1] - size_px) // 2
    return np.ascontiguousarray(resized[top : top + size_px, left : left + size_px])


def _middle(length: int, most: int) -> slice:
    if length <= most:
        return slice(None)
    # As many are cut off on both sides, so that the middle stays the middle.
    start = (length - most) // 2
    return slice(start, length - start)


def _to_multiple(length: float, multiple: int) -> int:
    return max(1, round(length / multiple)) * multiple


def _resize(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    import cv2

    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = height * width < pixels.shape[0] * pixels.shape[1]
    return np.asarray(
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR),
        dtype=np.uint8,
    )
