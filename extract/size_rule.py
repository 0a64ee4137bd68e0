"""The size rule: which pixels the network sees, in few shapes so that batches need no padding."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

SizeRule = Literal["longest", "crop"]


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
    # A crop of a narrow strip would first enlarge it without bound: only the middle of it is resized.
    longest = int(np.ceil(size_px / scale)) + 2
    top, left = max(0, (height - longest) // 2), max(0, (width - longest) // 2)
    middle = pixels[top : top + longest, left : left + longest]
    side = max(size_px, 1)
    resized = _resize(
        middle,
        max(side, round(middle.shape[0] * scale)),
        max(side, round(middle.shape[1] * scale)),
    )
    top, left = (resized.shape[0] - side) // 2, (resized.shape[1] - side) // 2
    return np.ascontiguousarray(resized[top : top + side, left : left + side])


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
