"""Local descriptors for the re-rankings of the landmark study, and the database that a chain asks."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extract import recipe as recipes
from extract import run as extraction
from extract.features import PackedFeatures
from extract.photos import Photos
from extract.recipe import Recipe
from extract.store import DescriptorStore
from rerank import space as spaces
from rerank.protocols import Queries, SpaceName
from rerank.space import Space
from retrieval import fit_codebook
from retrieval.fit_codebook import Plan
from retrieval.indexes.flat import FlatIndex

if TYPE_CHECKING:
    from pathlib import Path

# Two million descriptors of SIFT: more centres than 16 could tell apart.
_WORDS_PHOTOS = 1000


class LocalDatabase:
    """Photographs whose global vectors are in an index by place, and whose local features are in a store.

    `rows` (N,) are the store's, in the order of places.
    """

    def __init__(self, index: FlatIndex, store: DescriptorStore, rows: NDArray[np.int64]) -> None:
        self._index = index
        self._store = store
        self._rows = rows

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give global vectors of the places `rows`."""
        return self._index.vectors(rows)

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give width and height in pixels."""
        return self._store.records.sizes[self._rows[rows]]

    def features(self, kind: str, rows: NDArray[np.int64]) -> PackedFeatures:
        """Give local features."""
        return self._store.features(kind, self._rows[rows])

    def scores(self, vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the first search's scores."""
        return self._index.scores(vectors, rows)

    def space(self, name: SpaceName) -> Space:
        """Give all photographs with their neighbours among the global vectors."""
        return spaces.build(self._index.rows, self._index.vectors(self._index.rows))


def stored(photos: Photos, recipe: Recipe, folder: "Path") -> tuple[DescriptorStore, NDArray[np.int64]]:
    """Describe `photos` into a store that a second call finds again; give it and their rows, in their order.

    One that cannot be read has no features.

    Raises:
        RetrieveError: the store cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    extraction.run(photos, recipe, folder)
    store = DescriptorStore.open(folder)
    row_of = {store.records.ids[row]: int(row) for row in np.flatnonzero(store.current)}
    return store, np.array([row_of[name] for name in photos.ids], np.int64)


def queries_of(
    store: DescriptorStore, rows: NDArray[np.int64], vectors: NDArray[np.float32], kinds: tuple[str, ...]
) -> Queries:
    """Make queries of stored photographs, with global vectors (Q, D) of their own."""
    features = {kind: store.features(kind, rows) for kind in kinds}
    return Queries(vectors, store.records.sizes[rows], features)


def without_network(local: Mapping[str, object]) -> Recipe:
    """Give a recipe of these local descriptors alone, which no network has a part in."""
    return recipes.from_plain({"global": {"kind": "thumbnail", "side_px": 1}, "local": dict(local)})


def with_network(network: Recipe, local: Mapping[str, object]) -> Recipe:
    """Give the recipe of a network with local descriptors of its feature map."""
    made = recipes.from_plain({"local": dict(local)})
    return dataclasses.replace(network, local=MappingProxyType(dict(made.local)))


def words(photos: Photos, count: int, sift: Mapping[str, object], file: "Path") -> "Path":
    """Fit `count` centres of SIFT on some of the training photographs, once; give their file.

    Raises:
        RetrieveError: no photograph can be read, or the file cannot be written.
    """
    if not file.is_file():
        drawn = np.random.default_rng(0).permutation(len(photos))[:_WORDS_PHOTOS]
        recipe = without_network({"sift": sift})
        fitted = fit_codebook.fit(photos.select(drawn), recipe, Plan("vlad", words=count))
        file.parent.mkdir(parents=True, exist_ok=True)
        fitted.result.write(file)
    return file
