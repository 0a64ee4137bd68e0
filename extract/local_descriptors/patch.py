"""Deep patches: the network's last feature map as a grid of descriptors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import weight_files
from extract.config import NO_FILE, FileRef
from extract.descriptor_values import ZERO_BYTE, at_length_one
from extract.errors import ConfigError
from extract.features import Features
from extract.fitted import Note
from extract.footprint import Footprint
from extract.projection import Projection

SOURCE = "map"
FITTED = "projection"

# A byte is 128 + round(127 * x / SCALE); entries of a projected vector of length one beyond it are cut off.
SCALE = 0.5


@dataclass(frozen=True)
class Config:
    """`grid` positions each way; a `projection` (`retrieve fit-codebook --kind patch`) makes them bytes."""

    grid: int = 7
    projection: FileRef = NO_FILE

    def __post_init__(self) -> None:
        if not 1 <= self.grid <= 64:
            raise ConfigError(f"local.patch.grid must be between 1 and 64, got {self.grid}")


def build(config: Config, channels: int) -> "Patches":
    """Give the extractor for maps of `channels`.

    Raises:
        WeightsError: the projection is absent, altered or none.
        ConfigError: it takes maps of another number of channels, or is for another local descriptor.
    """
    file = config.projection
    if not file.path:
        return Patches(config.grid, channels, None)
    weight_files.check(Path(file.path), file.sha256)
    projection = Projection.read(Path(file.path))
    if len(projection.mean) != channels:
        raise ConfigError(
            f"the projection {file.path!r} takes maps of {len(projection.mean)} channels, the network gives "
            f"{channels}; fit it again with this recipe by `retrieve fit-codebook PHOTOS --kind patch`"
        )
    return Patches(config.grid, channels, projection)


def footprint(config: Config, channels: int) -> Footprint:
    """Say what a photograph takes; of a projection only the size is looked at."""
    count, file = config.grid**2, config.projection.path
    return Footprint(count, count, Projection.read(Path(file)).dim if file else 2 * channels)


class Patches:
    """Source: thesis, E7 (7 x 7 positions of the last map)."""

    def __init__(self, grid: int, channels: int, projection: Projection | None) -> None:
        self._grid = grid
        self._projection = projection
        self.file: str = projection.path if projection else ""
        self.note: Note | None = projection.note if projection else None
        self.empty = self._features(np.zeros((0, channels), np.float32))

    def extract_map(self, feature_map: NDArray[np.float32]) -> Features:
        """Describe a map (C, h, w): its positions row by row, each of length one, a zero one zero."""
        pooled = _pooled(_pooled(feature_map, self._grid, 1), self._grid, 2)
        return self._features(at_length_one(pooled.reshape(len(feature_map), -1).T))

    def _features(self, vectors: NDArray[np.float32]) -> Features:
        count = len(vectors)
        if self._projection is None:
            descriptors: NDArray[np.generic] = vectors.astype(np.float16)
        else:
            values = np.rint(127 / SCALE * self._projection.apply(vectors))
            descriptors = (ZERO_BYTE + np.clip(values, -127, 127)).astype(np.uint8)
        return Features(np.zeros((count, 0), np.float32), descriptors, np.zeros(count, np.float32))


def _pooled(feature_map: NDArray[np.float32], grid: int, axis: int) -> NDArray[np.float32]:
    """Average along `axis` over `grid` windows that overlap where they do not divide it evenly."""
    side = feature_map.shape[axis]
    windows = ((i * side // grid, -(-(i + 1) * side // grid)) for i in range(grid))
    means = [feature_map.take(range(start, stop), axis).mean(axis) for start, stop in windows]
    return np.stack(means, axis)
