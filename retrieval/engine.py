"""The engine: search a store by its global vectors, then re-rank by local evidence."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import describe, extractors, recipe_files
from extract.block import FAILED, OK, Block
from extract.errors import PhotoError, StoreError
from extract.extractors import Extractors
from extract.features import PackedFeatures, pack
from extract.photos import Photos
from extract.recipe import Recipe
from extract.store import DescriptorStore
from rerank import chain as chains
from rerank.chain import Chain
from rerank.protocols import Queries
from rerank.ranking import PAD, Ranking
from retrieval.indexes import flat


@dataclass(frozen=True)
class Hit:
    """One photograph of an answer; `local` is None where no local evidence was looked at."""

    rank: int
    id: str
    path: str
    score: float
    global_score: float
    local: float | None
    columns: Mapping[str, float]


@dataclass(frozen=True)
class Described:
    """Query photographs: all that were asked, those that could be read, and why the others could not."""

    asked: Photos
    photos: Photos
    queries: Queries
    failures: Mapping[str, str]
    seconds: float


@dataclass(frozen=True)
class Answer:
    """A ranking of store rows for each query and what each stage took, in seconds for all queries."""

    ranking: Ranking
    seconds: Mapping[str, float] = field(default_factory=dict)


class Engine:
    """A store opened for questions; it keeps the revision that it opened."""

    def __init__(self, store: DescriptorStore, recipe: Recipe) -> None:
        self.store = store
        self.recipe = recipe

    @classmethod
    def open(cls, path: str | Path, recipe: Recipe | None = None) -> "Engine":
        """Open a store; a `recipe` of one's own may bring another chain, not other descriptors.

        Raises:
            StoreError: there is no store, or it is damaged.
            RecipeMismatchError: `recipe` would describe queries otherwise than the store's photographs.
        """
        store = DescriptorStore.open(path)
        own = recipe_files.resolve(recipe) if recipe else store.recipe
        store.check_recipe(own)
        return cls(store, own)

    def query(
        self,
        photo: str | Path,
        k: int = 10,
        *,
        rerank: str | None = None,
        v: float | None = None,
        top: int | None = None,
    ) -> list[Hit]:
        """Find the photographs of the place that `photo` shows, best first.

        `rerank` is a chain such as `sift-ratio,sift-geometric`, `none`, or None for the recipe's own.

        Raises:
            PhotoError: the photograph cannot be read.
            RetrieveError: the chain or the store is not usable; the sentence says why.
        """
        chain = self.chain(rerank, v=v, top=top)
        described = self.describe(Photos.from_files([str(photo)]), chain)
        for path, reason in described.failures.items():
            raise PhotoError(f"cannot read {path!r}: {reason}")
        return self.hits(self.search(described.queries, k, chain).ranking)[0]

    def chain(self, text: str | None = None, *, v: float | None = None, top: int | None = None) -> Chain:
        """Build the chain that `text` names, or the recipe's own, with the recipe's settings.

        Raises:
            PluginError: a re-ranker is unknown.
            StoreError: the store lacks local descriptors that the chain needs.
        """
        own = self.recipe.rerank
        chain = chains.parse(
            own.chain if text is None else text, top=own.top if top is None else top, options=own.options, v=v
        )
        for kind in sorted(chain.needs - set(self.store.recipe.local)):
            raise StoreError(
                f"the chain {chain.text!r} needs {kind} descriptors and the store {str(self.store.path)!r} "
                f"has none; index into a new store with --local {kind}, or use --rerank none"
            )
        return chain

    def describe(self, photos: Photos, chain: Chain) -> Described:
        """Describe photographs with the store's recipe; local features only where `chain` reads them."""
        started = time.perf_counter()
        blocks = describe.describe(photos, self._extractors(chain), block_sizes=lambda: max(1, len(photos)))
        return _described(photos, list(blocks), self.store.dim, started)

    def search(
        self, queries: Queries, k: int, chain: Chain, *, exclude: NDArray[np.int64] | None = None
    ) -> Answer:
        """Rank the k best rows for each query: global search, then the chain on its first `top` places.

        `exclude` (Q,) names one row a query that is left out, its own photograph, or -1.
        """
        started = time.perf_counter()
        depth = k if not chain.steps else max(k, chain.top)
        extra = 0 if exclude is None else 1
        found = self.index.search(queries.vectors, min(depth + extra, max(1, len(self.index))))
        if exclude is not None:
            found = found.without(exclude).top(depth)
        searched = time.perf_counter()
        ranking = chain.rerank(found, queries, self).top(k)
        reranked = time.perf_counter()
        return Answer(ranking, {"search": searched - started, "rerank": reranked - searched})

    def hits(self, ranking: Ranking) -> list[list[Hit]]:
        """Turn a ranking of this store into hits, a list a query."""
        return [
            [self._hit(ranking, query, int(place)) for place in np.flatnonzero(ranking.rows[query] != PAD)]
            for query in range(len(ranking.rows))
        ]

    @cached_property
    def index(self) -> flat.FlatIndex:
        """The index of all live rows, built from the store when first asked for."""
        normalised = getattr(self.recipe.global_config, "normalise", True)
        index = flat.build(flat.Config(metric="ip" if normalised else "l2"), self.store.dim)
        rows = np.flatnonzero(self.store.live)
        vectors = self.store.vectors()
        index.add(rows, vectors if len(rows) == len(vectors) else vectors[rows])
        return index

    @cached_property
    def rows_by_id(self) -> dict[str, int]:
        """The row of each photograph that the store holds, failed ones included."""
        ids = self.store.records.ids
        return {ids[row]: int(row) for row in np.flatnonzero(self.store.current)}

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give global vectors of `rows`."""
        return self.store.vectors(rows)

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give width and height in pixels of `rows`."""
        return self.store.records.sizes[rows]

    def features(self, kind: str, rows: NDArray[np.int64]) -> PackedFeatures:
        """Give local features of `rows`."""
        return self.store.features(kind, rows)

    @cached_property
    def _all_extractors(self) -> Extractors:
        return extractors.build(self.store.recipe)

    def _extractors(self, chain: Chain) -> Extractors:
        built = self._all_extractors
        local = {kind: extractor for kind, extractor in built.local.items() if kind in chain.needs}
        return Extractors(built.photos, built.vector, local, built.empty)

    def _hit(self, ranking: Ranking, query: int, place: int) -> Hit:
        row = int(ranking.rows[query, place])
        columns = {name: float(values[query, place]) for name, values in ranking.columns.items()}
        columns = {name: value for name, value in columns.items() if not np.isnan(value)}
        return Hit(
            rank=place + 1,
            id=self.store.records.ids[row],
            path=os.fsdecode(self.store.records.paths[row]),
            score=float(ranking.scores[query, place]),
            global_score=columns.pop("global"),
            local=columns.pop("local", None),
            columns=columns,
        )


def _described(photos: Photos, blocks: Sequence[Block], dim: int, started: float) -> Described:
    if not blocks:
        nothing = Queries(np.zeros((0, dim), np.float32), np.zeros((0, 2), np.int32), {})
        return Described(photos, photos, nothing, {}, time.perf_counter() - started)
    (block,) = blocks
    records = block.records
    good = np.flatnonzero(records.statuses == OK)
    local = {kind: pack([packed[int(i)] for i in good]) for kind, packed in block.local.items() if len(good)}
    return Described(
        photos,
        photos.select(good.tolist()),
        Queries(block.vectors[good], records.sizes[good], local),
        {records.ids[i]: records.reasons[i] for i in np.flatnonzero(records.statuses == FAILED)},
        time.perf_counter() - started,
    )
