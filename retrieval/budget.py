"""What a recipe costs on disk before anything is run: bytes a photograph, part by part."""

from dataclasses import dataclass

from extract import plugins
from extract.footprint import Footprint
from extract.recipe import GLOBAL_PLUGINS, LOCAL_PLUGINS, Recipe
from retrieval import neighbourhood

_HALF_BYTES = 2
# Status, hash, size, file bytes and time of change, as docs/store.md lists them.
_RECORD_NUMBERS = 1 + 16 + 8 + 8 + 8
# Ids, paths, labels and metadata are as long as the longest of their segment; beyond the second they are
# unusual, and a metadata column is the only way there.
_TEXTS, _MOST_TEXTS = 160, 1000
# Offset and checksum of a photograph's features of one kind.
_KIND_BYTES = 8 + 4
# HDF5's own, once a segment of at least 256 photographs (fewer in a store's last one).
_SEGMENT_BYTES, _SEGMENT_PHOTOS = 65_536, 256


@dataclass(frozen=True)
class Part:
    """Bytes a photograph of one part, typically and at most."""

    name: str
    typical: float
    most: float


@dataclass(frozen=True)
class Budget:
    """All parts of a recipe."""

    parts: tuple[Part, ...]

    @property
    def typical(self) -> float:
        """Bytes a photograph, typically."""
        return sum(part.typical for part in self.parts)

    @property
    def most(self) -> float:
        """Bytes a photograph at most."""
        return sum(part.most for part in self.parts)

    def most_of(self, photos: int) -> float:
        """Bytes that `photos` photographs take at most in a store that one run makes.

        The recipe's files and what the neighbourhood was fitted to, which do not grow, come on top.
        """
        return photos * self.most + _SEGMENT_BYTES


def of(recipe: Recipe) -> Budget:
    """Add up a recipe; no network is run, and of its files only codebooks and projections are read.

    Raises:
        RetrieveError: timm has no such model, or a codebook cannot be read.
    """
    dim, channels = plugins.load(GLOBAL_PLUGINS, recipe.global_kind).size(recipe.global_config)
    parts = [_fixed("global vector", _HALF_BYTES * dim)]
    for kind, config in recipe.local.items():
        footprint: Footprint = plugins.load(LOCAL_PLUGINS, kind).footprint(config, channels)
        for what, row_bytes in footprint.columns.items():
            if row_bytes:
                typical, most = footprint.typical_rows * row_bytes, footprint.most_rows * row_bytes
                parts.append(Part(f"{kind} {what}", typical, most))
        parts.append(_fixed(f"{kind} offsets, checksums", _KIND_BYTES))
    overhead = _SEGMENT_BYTES / _SEGMENT_PHOTOS
    records = Part("records", _RECORD_NUMBERS + _TEXTS + overhead, _RECORD_NUMBERS + _MOST_TEXTS + overhead)
    return Budget((*parts, records, _fixed("neighbourhood", neighbourhood.photo_bytes(dim))))


def _fixed(name: str, count: float) -> Part:
    return Part(name, count, count)
