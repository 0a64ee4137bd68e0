"""VLAD: one vector a photograph, the sums of how its local descriptors part from their nearest centres."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import codebook
from extract.codebook import Codebook
from extract.config import NO_FILE, FileRef
from extract.descriptor_values import at_length_one, unit_vectors
from extract.errors import ConfigError
from extract.features import Features
from extract.fitted import Note
from extract.footprint import Footprint

SOURCE = "features"
FITTED = "codebook"

_PACKAGED = "vlad-sift-16.safetensors"


@dataclass(frozen=True)
class Config:
    """Centres, the signed `power` of every entry, and whether each word's part is brought to length one.

    Without `codebook` the packaged one is used: 16 centres of SIFT at its default settings.
    """

    codebook: FileRef = NO_FILE
    power: float = 0.5
    intra: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.power <= 1.0:
            raise ConfigError(f"local.vlad.power must be above 0 and at most 1, got {self.power}")


def resolve(config: Config) -> Config:
    """Name the packaged codebook where the configuration leaves it to the default."""
    return dataclasses.replace(config, codebook=codebook.or_packaged(config.codebook, _PACKAGED))


def build(config: Config) -> "Vlad":
    """Give the extractor; `config` must be resolved.

    Raises:
        WeightsError: the codebook is absent, altered or none.
        ConfigError: it is for another local descriptor.
    """
    return Vlad(config, codebook.load(config.codebook, "vlad"))


def footprint(config: Config, channels: int) -> Footprint:
    """Say what a photograph takes; only the codebook's size is looked at."""
    centres = Codebook.read(Path(resolve(config).codebook.path)).centres
    return Footprint(1, 1, 2 * centres.size)


class Vlad:
    """Source: Jégou et al., Aggregating local descriptors into a compact image representation, CVPR 2010;
    power: Jégou et al., TPAMI 2012; intra: Arandjelović and Zisserman, All about VLAD, CVPR 2013.
    """

    def __init__(self, config: Config, centres: Codebook) -> None:
        self._config = config
        self._codebook = centres
        self.file: str = centres.path
        self.note: Note = centres.note
        self.empty = _features(np.zeros((0, centres.centres.size), np.float32))

    def derive(self, features: Features) -> Features:
        """Give one descriptor (1, K * D) f16 of length one; zero where there is no local descriptor."""
        sums = np.zeros_like(self._codebook.centres)
        words, residuals, _ = self._codebook.residuals(unit_vectors(features.descriptors, self.note.source))
        sums[words] = residuals
        sums = np.sign(sums) * np.abs(sums) ** np.float32(self._config.power)
        if self._config.intra:
            sums = at_length_one(sums)
        return _features(at_length_one(sums.reshape(1, -1)))


def _features(vectors: NDArray[np.float32]) -> Features:
    count = len(vectors)
    points, scores = np.zeros((count, 0), np.float32), np.zeros(count, np.float32)
    return Features(points, vectors.astype(np.float16), scores)
