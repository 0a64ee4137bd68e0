"""Proof that two files show one shot, cropped, scaled or toned: lay one over the other and compare pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extract import images

# Above this correlation two files are one shot, or two taken from one spot within seconds. Among 486
# photographs of ten places that were cleared of copies the highest is 0.76; crops down to half of the
# picture, borders and turns by 2 degrees give 0.92 and more, a large watermark 0.65 (which the hash sees).
SAME = 0.8

_SIDE_PX = 320
_KEYPOINTS = 500
_RATIO = 0.8
_MIN_MATCHES = 8
_RANSAC_PX = 3.0
# Two shots of one tower through long lenses agree in the little that both hold; a copy holds more.
_MIN_SHARED = 0.4
# The rim that the warp blurs is not compared.
_RIM_PX = 4
# What is left between these two blurs is the detail that two shots of one view do not share; without them
# sky above and building below correlate in any two photographs of a place.
_FINE_PX, _COARSE_PX = 1.0, 4.0


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture at most 320 px long: `grey` (h, w) uint8, keypoints (n, 2) x, y, SIFT (n, 128)."""

    grey: NDArray[np.uint8]
    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]

    @classmethod
    def of(cls, grey: NDArray[np.uint8]) -> "Shot":
        """Find the keypoints of a grey picture."""
        points, descriptors = cv2.SIFT.create(nfeatures=_KEYPOINTS).detectAndCompute(grey, None)
        if descriptors is None:
            return cls(grey, np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
        return cls(grey, np.array([point.pt for point in points], np.float32), np.asarray(descriptors))

    def mirrored(self) -> "Shot":
        """Exchange left and right."""
        return Shot.of(np.ascontiguousarray(self.grey[:, ::-1]))


def read(path: str) -> Shot:
    """Read a photograph.

    Raises:
        PhotoError: it cannot be read.
    """
    pixels = images.read_photo(path, images.Config(max_side_px=_SIDE_PX)).pixels
    return Shot.of(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))


def correlation(first: Shot, second: Shot) -> float:
    """Correlate the details of two pictures where they overlap, once an affine map lays one on the other.

    0 where no such map is found, or less than 0.4 of one of the two is in the overlap.
    """
    onto = _affine(first, second)
    if onto is None:
        return 0.0
    height, width = second.grey.shape
    warped = cv2.warpAffine(first.grey, onto, (width, height), flags=cv2.INTER_AREA)
    inside = cv2.warpAffine(np.full_like(first.grey, 255), onto, (width, height))
    rim = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    overlap = cv2.erode((inside == 255).astype(np.uint8), rim, borderValue=0) > 0
    num_shared = np.count_nonzero(inside == 255)
    of_first = num_shared / (abs(np.linalg.det(onto[:, :2])) * first.grey.size)
    if min(of_first, num_shared / second.grey.size) < _MIN_SHARED or not overlap.any():
        return 0.0
    ours, theirs = (_details(np.asarray(grey))[overlap] for grey in (warped, second.grey))
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    lengths = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    return float(ours @ theirs) / lengths if lengths else 0.0


def _affine(first: Shot, second: Shot) -> NDArray[np.float64] | None:
    """Find the map (2, 3) from the first picture's pixels to the second's that most matches agree on."""
    if min(len(first.points), len(second.points)) < _MIN_MATCHES:
        return None
    found = cv2.BFMatcher().knnMatch(first.descriptors, second.descriptors, k=2)
    clear = [best for best, next_best in found if best.distance < _RATIO * next_best.distance]
    if len(clear) < _MIN_MATCHES:
        return None
    onto, agree = cv2.estimateAffine2D(
        first.points[[match.queryIdx for match in clear]],
        second.points[[match.trainIdx for match in clear]],
        ransacReprojThreshold=_RANSAC_PX,
    )
    return None if onto is None or agree.sum() < _MIN_MATCHES else np.asarray(onto)


def _details(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    fine = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _FINE_PX)
    return np.asarray(fine - cv2.GaussianBlur(fine, (0, 0), _COARSE_PX))
