"""SIFT keypoints with RootSIFT descriptors in bytes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError
from extract.features import Features
from extract.footprint import POINT_BYTES, Footprint
from extract.images import Photo, bounded

SOURCE = "photo"
WIDTH = 128
DTYPE = np.uint8

# A RootSIFT vector has length one and few entries above a half: 512 spreads them over a byte.
_BYTE_SCALE = 512.0
# OpenCV's scale space needs a few pixels each way; a thinner picture has no keypoint anyway.
_MIN_SIDE_PX = 16
_MIN_SUM = 1e-12
# Of 2,598 photographs at 800 px the mean has 468 of 500 keypoints, and about 1,000 where none are cut off.
_TYPICAL_SHARE = 0.94
_TYPICAL_KEYPOINTS = 1000


@dataclass(frozen=True)
class Config:
    """At most `max_keypoints` by response, found at `max_side_px`; `root` takes RootSIFT."""

    max_keypoints: int = 500
    max_side_px: int = 800
    root: bool = True
    contrast_threshold: float = 0.04

    def __post_init__(self) -> None:
        if not 1 <= self.max_keypoints <= 100_000:
            raise ConfigError(f"local.sift.max_keypoints must be in 1..100000, got {self.max_keypoints}")
        if not _MIN_SIDE_PX <= self.max_side_px <= 10_000:
            raise ConfigError(f"local.sift.max_side_px must be in 16..10000, got {self.max_side_px}")
        if not 0.0 <= self.contrast_threshold <= 1.0:
            raise ConfigError(
                f"local.sift.contrast_threshold must be between 0 and 1, got {self.contrast_threshold}"
            )


def build(config: Config) -> "Sift":
    """Give the extractor."""
    return Sift(config)


def footprint(config: Config, channels: int) -> Footprint:
    """Say what a photograph takes."""
    typical = min(round(_TYPICAL_SHARE * config.max_keypoints), _TYPICAL_KEYPOINTS)
    return Footprint(typical, config.max_keypoints, WIDTH, POINT_BYTES)


class Sift:
    """Source: Lowe, IJCV 2004 (OpenCV's program); RootSIFT: Arandjelović and Zisserman, CVPR 2012."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.empty = _none()

    def extract(self, photo: Photo) -> Features:
        """Describe one photograph; a blank or tiny one has no keypoint, which is no error."""
        import cv2

        grey = np.asarray(cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        grey = bounded(grey, grey.shape[1], grey.shape[0], self._config.max_side_px)
        if min(grey.shape) < _MIN_SIDE_PX:
            return _none()
        # A detector holds buffers of its last picture, so each call, and with it each thread, has its own.
        detector = cv2.SIFT_create(
            nfeatures=self._config.max_keypoints,
            contrastThreshold=self._config.contrast_threshold,
            # Without it every keypoint is a quarter of a pixel off.
            enable_precise_upscale=True,
        )
        keypoints, descriptors = detector.detectAndCompute(grey, None)
        if not keypoints:
            return _none()
        responses = np.array([keypoint.response for keypoint in keypoints], np.float32)
        order = np.argsort(-responses, kind="stable")[: self._config.max_keypoints]
        scale = np.array([photo.width / grey.shape[1], photo.height / grey.shape[0]], np.float32)
        points = np.array(
            [(*keypoints[i].pt, keypoints[i].size, keypoints[i].angle) for i in order], np.float32
        )
        # Pixel centres lie at whole numbers: half a pixel is taken off after scaling, not before.
        points[:, :2] = (points[:, :2] + 0.5) * scale - 0.5
        points[:, 2] *= scale.mean()
        return Features(points, _to_bytes(descriptors[order], self._config.root), responses[order])


def _to_bytes(descriptors: NDArray[np.float32], root: bool) -> NDArray[np.uint8]:
    if root:
        sums = np.maximum(descriptors.sum(axis=1, keepdims=True), _MIN_SUM)
        descriptors = np.sqrt(descriptors / sums) * _BYTE_SCALE
    return np.clip(np.rint(descriptors), 0, 255).astype(DTYPE)


def _none() -> Features:
    return Features(np.zeros((0, 4), np.float32), np.zeros((0, WIDTH), DTYPE), np.zeros(0, np.float32))
