"""Keypoints and descriptors that a network learned, in bytes."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract import learned_networks
from extract.config import NO_FILE, FileRef
from extract.descriptor_values import ZERO_BYTE
from extract.errors import ConfigError
from extract.features import Features
from extract.footprint import POINT_BYTES, Footprint
from extract.images import Photo, bounded
from extract.learned_networks import Detector, Network

SOURCE = "photo"
DTYPE = np.uint8

# A byte is 128 + 127 times the component of a descriptor of length one.
_BYTE_SCALE = 127.0
# The networks see 16 or 32 pixels as one; a thinner picture has no keypoint worth keeping.
_MIN_SIDE_PX = 32


@dataclass(frozen=True)
class Config:
    """At most `max_keypoints` by score, found by `network` at `max_side_px`; without a file, `weights` come
    from kornia's hub.

    On training photographs 640 px gained as much as 480 (1.35 and 1.33 points of map@100) in 1.7 times its
    time; aliked-t16 at 640 px gained 1.25 in 0.9 of it.
    """

    network: Network = "aliked-n16rot"
    weights: FileRef = NO_FILE
    max_keypoints: int = 500
    max_side_px: int = 480

    def __post_init__(self) -> None:
        if not 1 <= self.max_keypoints <= 100_000:
            raise ConfigError(f"local.learned.max_keypoints must be in 1..100000, got {self.max_keypoints}")
        if not _MIN_SIDE_PX <= self.max_side_px <= 10_000:
            raise ConfigError(f"local.learned.max_side_px must be in 32..10000, got {self.max_side_px}")


def resolve(config: Config) -> Config:
    """Name the weights by sha256, those of kornia's hub too.

    Raises:
        PluginError: kornia is not installed.
        WeightsError: the file cannot be read, or there is no file and the hub cannot be reached.
    """
    return dataclasses.replace(
        config, weights=learned_networks.resolve_weights(config.network, config.weights)
    )


def build(config: Config) -> "Learned":
    """Load the network; `config` must be resolved.

    Raises:
        PluginError: kornia is not installed.
        WeightsError: the weights are absent, altered or of another network.
    """
    detector = learned_networks.load(config.network, config.weights, config.max_keypoints)
    return Learned(detector, learned_networks.width(config.network), config)


def footprint(config: Config, channels: int) -> Footprint:
    """Say what a photograph takes: as many keypoints as are allowed, for these networks seldom find fewer."""
    width = learned_networks.width(config.network)
    return Footprint(config.max_keypoints, config.max_keypoints, width, POINT_BYTES)


class Learned:
    """Source: the network's own paper (kornia's programs); bytes and bounds are ours."""

    def __init__(self, detector: Detector, width: int, config: Config) -> None:
        self._detector = detector
        self._config = config
        self.empty = Features(
            np.zeros((0, 4), np.float32), np.zeros((0, width), DTYPE), np.zeros(0, np.float32)
        )

    def extract(self, photo: Photo) -> Features:
        """Describe one photograph; a blank or tiny one has no keypoint, which is no error."""
        import torch

        height, width = photo.pixels.shape[:2]
        pixels = bounded(photo.pixels, width, height, self._config.max_side_px)
        height, width = pixels.shape[:2]
        if min(height, width) < _MIN_SIDE_PX:
            return self.empty
        with torch.inference_mode():
            picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float().div_(255)
            points, descriptors, scores = (values.numpy() for values in self._detector(picture))
        order = np.argsort(-scores, kind="stable")[: self._config.max_keypoints]
        scale = np.array([photo.width / width, photo.height / height], np.float32)
        placed = np.zeros((len(order), 4), np.float32)
        # Pixel centres lie at whole numbers: half a pixel is taken off after scaling, not before.
        placed[:, :2] = (points[order] + 0.5) * scale - 0.5
        # These networks give neither size nor angle: one pixel of theirs, upright.
        placed[:, 2] = scale.mean()
        return Features(placed, _to_bytes(descriptors[order]), scores[order].astype(np.float32))


def _to_bytes(descriptors: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(ZERO_BYTE + _BYTE_SCALE * descriptors), 0, 255).astype(DTYPE)
