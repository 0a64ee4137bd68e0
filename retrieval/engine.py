"""The engine: search a store by its global vectors, then re-rank by local evidence."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import describe, extractors, recipe_files
from extract.damage import Damage
from extract.errors import PhotoError, StoreError
from extract.extractors import Extractors
from extract.features import PackedFeatures
from extract.photos import Photos
from extract.recipe import Recipe
from extract.store import ASSETS, DescriptorStore
from rerank import chain as chains
from rerank import presets
from rerank import space as spaces
from rerank.chain import Chain
from rerank.protocols import Queries, SpaceName
from rerank.ranking import Ranking
from rerank.space import Space
from retrieval import explain as explanations
from retrieval import neighbourhood
from retrieval.described import Described, check, gathered
from retrieval.explain import Explanation
from retrieval.indexes import flat


@dataclass(frozen=True)
class Hit:
    """One photograph of an answer; `local` is None where no local evidence was looked at.

    So is `global_score` where a re-ranker brought the photograph in without one. `explanation` is there
    where it was asked for.
    """

    rank: int
    id: str
    path: str
    score: float
    global_score: float | None
    local: float | None
    columns: Mapping[str, float]
    explanation: Explanation | None = None


@dataclass(frozen=True)
class Answer:
    """A ranking of store rows for each query and what each stage took, in seconds for all queries.

    `found` is the global ranking that the chain began with.
    """

    ranking: Ranking
    found: Ranking
    seconds: Mapping[str, float] = field(default_factory=dict)


class Engine:
    """A store opened for questions; it keeps the revision that it opened.

    Where segments of the store are damaged it answers from the rest, and `damaged` says so.
    """

    def __init__(self, store: DescriptorStore, recipe: Recipe) -> None:
        self.store = store
        chain = presets.expand(recipe.rerank.chain, store.recipe.local)
        self.recipe = replace(recipe, rerank=replace(recipe.rerank, chain=chain))

    @classmethod
    def open(cls, path: str | Path, recipe: Recipe | None = None) -> "Engine":
        """Open a store; a `recipe` of one's own may bring another chain, not other descriptors.

        Raises:
            StoreError: there is no store, or its state is damaged.
            RecipeMismatchError: `recipe` would describe queries otherwise than the store's photographs.
        """
        store = DescriptorStore.open(path, tolerant=True)
        if recipe is None:
            return cls(store, store.recipe)
        # Settings first: to fetch weights only to refuse them would take a minute.
        store.check_settings(recipe)
        own = recipe_files.resolve(recipe_files.found_in(recipe, store.path / ASSETS))
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
        explain: bool = False,
    ) -> list[Hit]:
        """Find the photographs of the place that `photo` shows, best first.

        `rerank` is a chain such as `sift-ratio,sift-geometric`, `none`, or None for the recipe's own.
        With `explain` every hit says how it came to its rank.

        Raises:
            PhotoError: the photograph cannot be read.
            RetrieveError: the chain or the store is not usable; the sentence says why.
        """
        chain = self.chain(rerank, v=v, top=top)
        also = explanations.kinds(self, chain) if explain else frozenset()
        described = self.describe(Photos.from_files([str(photo)]), chain, also=also)
        for path, reason in described.failures.items():
            raise PhotoError(f"cannot read {path!r}: {reason}")
        answer = self.search(described.queries, k, chain)
        explained = explanations.explain(self, described.queries, answer, chain) if explain else None
        return self.hits(answer.ranking, explained)[0]

    def chain(self, text: str | None = None, *, v: float | None = None, top: int | None = None) -> Chain:
        """Build the chain that `text` names, or the recipe's own, with the recipe's settings.

        Raises:
            PluginError: a re-ranker is unknown.
            StoreError: the store lacks local descriptors that the chain needs.
        """
        own = self.recipe.rerank
        chain = chains.parse(
            own.chain if text is None else presets.expand(text, self.store.recipe.local),
            top=own.top if top is None else top,
            options=own.options,
            v=v,
        )
        missing = sorted(chain.needs - set(self.store.recipe.local))
        if missing:
            raise StoreError(f"the chain {chain.text!r} cannot be run: {self.store.lacks(missing)}")
        return chain

    def describe(self, photos: Photos, chain: Chain, *, also: frozenset[str] = frozenset()) -> Described:
        """Describe photographs with the store's recipe; features that `chain` reads or `also` names."""
        started = time.perf_counter()
        extractors = self._all_extractors.only(chain.needs | also)
        blocks = describe.describe(photos, extractors, block_sizes=lambda: max(1, len(photos)))
        return gathered(photos, list(blocks), self.store.dim, time.perf_counter() - started)

    def search(
        self, queries: Queries, k: int, chain: Chain, *, exclude: NDArray[np.int64] | None = None
    ) -> Answer:
        """Rank the k best rows for each query: global search, then the chain on its first `top` places.

        `exclude` (Q,) or (Q, E) names rows of each query that are left out, such as its own photograph,
        padded with -1.

        Raises:
            ValueError: the vectors are not finite or of another length than the store's, or the queries
                lack features that the chain needs.
        """
        check(queries, self.store.dim, chain)
        started = time.perf_counter()
        depth = k if not chain.steps else max(k, chain.top)
        extra = 0 if exclude is None else exclude[:1].size
        found = self.index.search(queries.vectors, min(depth + extra, max(1, len(self.index))))
        if exclude is not None:
            found = found.without(exclude).top(depth)
        searched = time.perf_counter()
        # A step that searches again finds what is excluded again.
        ranking = chain.rerank(found, queries, self, exclude=exclude).top(k)
        reranked = time.perf_counter()
        return Answer(ranking, found, {"search": searched - started, "rerank": reranked - searched})

    def hits(
        self, ranking: Ranking, explained: Sequence[Sequence[Explanation]] | None = None
    ) -> list[list[Hit]]:
        """Turn a ranking of this store into hits, a list a query; `explained` holds as many explanations."""
        return [
            [
                self._hit(ranking, query, place, explained[query][place] if explained else None)
                for place in range(int(used.sum()))
            ]
            for query, used in enumerate(ranking.used)
        ]

    @cached_property
    def index(self) -> flat.FlatIndex:
        """The index of all live rows that can be read, built from the store when first asked for.

        Raises:
            StoreError: the store is damaged so far that no photograph can be read.
        """
        normalised = getattr(self.recipe.global_config, "normalise", True)
        index = flat.build(flat.Config(metric="ip" if normalised else "l2"), self.store.dim)
        vectors = self.store.vectors()
        live = self.store.live
        if len(self.store.damage):
            # NaN stands for a vector that could not be read.
            live = live & np.isfinite(vectors).all(axis=1)
            if not live.any():
                reason = self.store.damage.all[0].reason
                raise StoreError(f"no photograph of {str(self.store.path)!r} can be read: {reason}")
        rows = np.flatnonzero(live)
        index.add(rows, vectors if len(rows) == len(vectors) else vectors[rows])
        return index

    @property
    def damaged(self) -> list[Damage]:
        """Segments of the store that could not be read so far, wholly or in part."""
        return self.store.damage.all

    @cached_property
    def rows_by_id(self) -> dict[str, int]:
        """The row of each photograph that the store holds, failed ones included."""
        ids = self.store.records.ids
        return {ids[row]: int(row) for row in np.flatnonzero(self.store.current)}

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give global vectors of `rows`; zero for one that is not indexed, e.g. since it is damaged."""
        return self.index.vectors(rows)

    def scores(self, vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the first search's score of `rows` (Q, K) for `vectors` (Q, D), -inf where a row is -1."""
        return self.index.scores(vectors, rows)

    def space(self, name: SpaceName) -> Space:
        """Give the indexed photographs with their neighbours, in the space of global vectors or their own.

        The own space is read from the store; the other one is made when it is first asked for, which takes
        a product of all vectors with each other.
        """
        return self._own_space if name == "own" else self._global_space

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give width and height in pixels of `rows`."""
        return self.store.records.sizes[rows]

    def features(self, kind: str, rows: NDArray[np.int64]) -> PackedFeatures:
        """Give local features of `rows`; none for a photograph whose features are damaged."""
        return self.store.features(kind, rows)

    @cached_property
    def _own_space(self) -> Space:
        return neighbourhood.current(self.store, self.index.rows, self.index.vectors(self.index.rows))

    @cached_property
    def _global_space(self) -> Space:
        rows = self.index.rows
        return spaces.build(rows, self.index.vectors(rows))

    @cached_property
    def _all_extractors(self) -> Extractors:
        return extractors.build(self.store.recipe)

    def _hit(self, ranking: Ranking, query: int, place: int, explanation: Explanation | None) -> Hit:
        row = int(ranking.rows[query, place])
        columns = {name: float(values[query, place]) for name, values in ranking.columns.items()}
        columns = {name: value for name, value in columns.items() if not np.isnan(value)}
        return Hit(
            rank=place + 1,
            id=self.store.records.ids[row],
            path=os.fsdecode(self.store.records.paths[row]),
            score=float(ranking.scores[query, place]),
            global_score=columns.pop("global", None),
            local=columns.pop("local", None),
            columns=columns,
            explanation=explanation,
        )
