"""ASMK*: for each visual word of a photograph, the signs of what parts its descriptors from the centre."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import codebook, plugins
from extract.codebook import Codebook
from extract.config import NO_FILE, FileRef
from extract.descriptor_values import unit_vectors
from extract.features import Features
from extract.fitted import Note
from extract.footprint import Footprint
from extract.recipe import LOCAL_PLUGINS

SOURCE = "features"
FITTED = "codebook"

_PACKAGED = "asmk-sift-4096.safetensors"
_WORD_BYTES = 4


@dataclass(frozen=True)
class Config:
    """The visual words; without `codebook` the packaged 4,096 of SIFT at its default settings."""

    codebook: FileRef = NO_FILE


def resolve(config: Config) -> Config:
    """Name the packaged codebook where the configuration leaves it to the default."""
    return dataclasses.replace(config, codebook=codebook.or_packaged(config.codebook, _PACKAGED))


def build(config: Config) -> "Asmk":
    """Give the extractor; `config` must be resolved.

    Raises:
        WeightsError: the codebook is absent, altered or none.
        ConfigError: it is for another local descriptor.
    """
    return Asmk(codebook.load(config.codebook, "asmk"))


def footprint(config: Config, channels: int) -> Footprint:
    """Say what a photograph takes; only the codebook and the settings of its source are looked at.

    Typically n descriptors that fall evenly into K words meet K (1 - (1 - 1 / K) ** n) of them.
    """
    words = Codebook.read(Path(resolve(config).codebook.path))
    source: Footprint = plugins.load(LOCAL_PLUGINS, words.note.source).footprint(
        words.note.source_config(), channels
    )
    count, dim = words.centres.shape
    typical = count * (1.0 - (1.0 - 1.0 / count) ** source.typical_rows)
    return Footprint(round(typical), min(count, source.most_rows), _WORD_BYTES + _packed(dim))


class Asmk:
    """Source: Tolias, Avrithis and Jégou, To aggregate or not to aggregate, ICCV 2013 (ASMK*, binary);
    Tolias, Jenicek and Chum, Learning and aggregating deep local descriptors (HOW), ECCV 2020.
    """

    def __init__(self, words: Codebook) -> None:
        self._codebook = words
        self.file: str = words.path
        self.note: Note = words.note
        self.empty = self.derive(
            Features(
                np.zeros((0, 0), np.float32),
                np.zeros((0, words.centres.shape[1]), np.float16),
                np.zeros(0, np.float32),
            )
        )

    def derive(self, features: Features) -> Features:
        """Give a row a word that occurs, rising by word: its number, then the signs (W, 4 + D / 8) u8.

        The number is a little-endian uint32; a bit is 1 where the residual is above zero, as
        `np.packbits` lays them. Scores are how many descriptors fell into the word.
        """
        words, residuals, counts = self._codebook.residuals(
            unit_vectors(features.descriptors, self.note.source)
        )
        numbers: NDArray[np.uint8] = words.astype("<u4").view(np.uint8).reshape(-1, _WORD_BYTES)
        signs = np.packbits(residuals > 0, axis=1)
        points = np.zeros((len(words), 0), np.float32)
        return Features(points, np.concatenate([numbers, signs], axis=1), counts.astype(np.float32))


def _packed(dim: int) -> int:
    return -(-dim // 8)
