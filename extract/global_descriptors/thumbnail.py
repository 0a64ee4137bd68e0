"""An 8 x 8 thumbnail as a vector: an honest baseline that needs no network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.errors import ConfigError


@dataclass(frozen=True)
class Config:
    """Side of the thumbnail in pixels; the vector has 3 x side x side numbers."""

    side_px: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.side_px <= 64:
            raise ConfigError(f"global.side_px must be between 1 and 64, got {self.side_px}")


def build(config: Config) -> "ThumbnailDescriptor":
    """Give the descriptor."""
    return ThumbnailDescriptor(config)


def size(config: Config) -> tuple[int, int]:
    """Give the length of a vector and the number of channels of a map, of which there is none."""
    return 3 * config.side_px**2, 0


class ThumbnailDescriptor:
    """Colours of a thumbnail about their mean, of length one (zero for a picture of one colour)."""

    def __init__(self, config: Config) -> None:
        self._side = config.side_px
        self.batch_size = 1
        self.dim, self.channels = size(config)

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Shrink a photograph's pixels (h, w, 3) to the thumbnail."""
        import cv2

        size = (self._side, self._side)
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def extract(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Describe thumbnails (B, side, side, 3) as (B, dim) float32 of length one."""
        flat = batch.reshape(len(batch), -1).astype(np.float32)
        centred = flat - flat.mean(axis=1, keepdims=True)
        norms = np.linalg.norm(centred, axis=1, keepdims=True)
        return np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 0)
