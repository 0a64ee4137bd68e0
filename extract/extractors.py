"""The extractors of a recipe, built together, and the shape that each of them must have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from extract import images, plugins
from extract.features import Features
from extract.recipe import GLOBAL_PLUGINS, LOCAL_PLUGINS, Recipe


class GlobalExtractor(Protocol):
    """Photographs to vectors of length `dim`; both methods may run in several threads at once.

    `batch_size` is how many pictures of one shape `extract` likes to have at once.
    """

    dim: int
    batch_size: int

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bring one photograph's pixels (h, w, 3) to the size that `extract` takes."""
        ...

    def extract(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Describe prepared pictures of one shape, (B, h, w, 3), as (B, dim) float32."""
        ...


class LocalExtractor(Protocol):
    """A photograph to its local features; may run in several threads at once."""

    def extract(self, photo: images.Photo) -> Features:
        """Describe one photograph; no keypoint is no error."""
        ...


@dataclass(frozen=True)
class Extractors:
    """Everything that a photograph passes through; `empty` holds features of none, by kind."""

    photos: images.Config
    vector: GlobalExtractor
    local: Mapping[str, LocalExtractor]
    empty: Mapping[str, Features]


def build(recipe: Recipe) -> Extractors:
    """Load what a resolved recipe names.

    Raises:
        RetrieveError: a plug-in, a library or weights are missing.
    """
    local, empty = {}, {}
    for kind, config in recipe.local.items():
        plugin = plugins.load(LOCAL_PLUGINS, kind)
        local[kind] = plugin.build(config)
        empty[kind] = Features(
            np.zeros((0, 4), np.float32),
            np.zeros((0, plugin.WIDTH), plugin.DTYPE),
            np.zeros(0, np.float32),
        )
    vector = plugins.load(GLOBAL_PLUGINS, recipe.global_kind).build(recipe.global_config)
    return Extractors(recipe.photos, vector, local, empty)
