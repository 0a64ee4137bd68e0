"""Fit a codebook or a projection of local descriptors on photographs that are not the collection."""

import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from extract import config as configs
from extract import describe, extractors, fitted, plugins, projection, recipe_files
from extract.block import OK
from extract.codebook import Codebook
from extract.descriptor_values import unit_vectors
from extract.errors import ConfigError, PhotosError
from extract.fitted import Note
from extract.photos import Photos
from extract.projection import Projection
from extract.recipe import GLOBAL_PLUGINS, LOCAL_PLUGINS, Recipe

logger = logging.getLogger(__name__)

# A small block, since all descriptors of its photographs are held.
_BLOCK = 64
# Descriptors that are drawn for a word, and bounds: 2.6 million of 128 numbers are 1.3 GB in k-means and
# 40 a word for 65,536 words; 100,000 are a second's work and plenty for a few centres or a projection.
_PER_WORD, _LEAST, _MOST = 128, 100_000, 2_600_000
_ITERATIONS = 20


@dataclass(frozen=True)
class Fitted:
    """What was fitted, and the photographs that could not be read, as (id, reason)."""

    result: Codebook | Projection
    failures: list[tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    """What to fit: `words` centres of the descriptors `source` for `kind`, or axes `dim` for a projection."""

    kind: str
    source: str = "sift"
    words: int = 16
    dim: int = 128
    seed: int = 0

    @property
    def is_projection(self) -> bool:
        """Whether a projection is fitted, not a codebook."""
        return fitted.noun(self.kind) == "projection"


def fit(
    photos: Photos, recipe: Recipe, plan: Plan, *, on_photo: Callable[[bool], None] = lambda failed: None
) -> Fitted:
    """Describe `photos` with the recipe's settings of the source and fit what `plan` says.

    Raises:
        PhotosError: no photograph can be read.
        ConfigError: there are too few descriptors, or the recipe has no map.
    """
    resolved = recipe_files.resolve(_of_source(recipe, plan))
    note = _note(resolved, plan)
    failures: list[tuple[str, str]] = []
    drawn, seen = sample(_descriptors(photos, resolved, plan.source, failures, on_photo), plan)
    if len(failures) == len(photos):
        raise PhotosError(f"none of the {len(photos)} photos can be read, e.g. {': '.join(failures[0])}")
    more = {"photos": str(len(photos) - len(failures)), "descriptors": str(seen), "drawn": str(len(drawn))}
    result = solve(drawn, plan, dataclasses.replace(note, more={**more, "seed": str(plan.seed)}))
    return Fitted(result, failures)


def sample(photos: Iterable[NDArray[np.generic]], plan: Plan) -> tuple[NDArray[np.generic], int]:
    """Draw from the descriptors (M, D) of each photograph, every one with the same chance; count them all.

    What is held does not grow with the number of photographs. Source: Vitter, Random sampling with a
    reservoir, 1985 (algorithm R).
    """
    capacity = _LEAST if plan.is_projection else min(_MOST, max(_LEAST, _PER_WORD * plan.words))
    rng = np.random.default_rng(plan.seed)
    parts: list[NDArray[np.generic]] = []
    reservoir: NDArray[np.generic] | None = None
    seen = 0
    for descriptors in photos:
        # Before it is full everything is taken, with nothing to draw.
        taken = descriptors[: max(0, capacity - seen)]
        if reservoir is None:
            # Never behind that: even an empty slice keeps all descriptors of its block in memory.
            parts.append(taken)
        rest = descriptors[len(taken) :]
        if len(rest):
            if reservoir is None:
                reservoir, parts = np.concatenate(parts), []
            places = rng.integers(0, np.arange(seen + len(taken), seen + len(descriptors)) + 1)
            inside = places < capacity
            reservoir[places[inside]] = rest[inside]
        seen += len(descriptors)
    if reservoir is None:
        reservoir = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
    return reservoir, seen


def solve(descriptors: NDArray[np.generic], plan: Plan, note: Note) -> Codebook | Projection:
    """Fit on `descriptors` (N, D) as they are stored.

    Raises:
        ConfigError: they are too few.
    """
    started = time.perf_counter()
    vectors = unit_vectors(descriptors, plan.source)
    vectors = vectors[vectors.any(axis=1)]
    result: Codebook | Projection
    if plan.is_projection:
        result = projection.fit(vectors, plan.dim, note)
    else:
        result = Codebook(_centres(vectors, plan), note)
    logger.info("%s from %d descriptors, %.1f s", plan.kind, len(vectors), time.perf_counter() - started)
    return result


def _centres(vectors: NDArray[np.float32], plan: Plan) -> NDArray[np.float32]:
    import faiss

    if len(vectors) < plan.words:
        raise ConfigError(
            f"{plan.words} words need as many descriptors or more, these photographs give {len(vectors)}; "
            "lower --words or give more photographs"
        )
    means = faiss.Kmeans(
        vectors.shape[1],
        plan.words,
        niter=_ITERATIONS,
        seed=plan.seed,
        # Bounds of its own, that it would warn of: how many are drawn was decided above.
        min_points_per_centroid=1,
        max_points_per_centroid=len(vectors),
    )
    means.train(vectors)
    return np.asarray(means.centroids, np.float32)


def _of_source(recipe: Recipe, plan: Plan) -> Recipe:
    """Keep the source alone, without a projection that is to be fitted, and no network that nobody asks."""
    plugin = plugins.load(LOCAL_PLUGINS, plan.source)
    config = recipe.local.get(plan.source, plugin.Config())
    if plan.is_projection:
        config = dataclasses.replace(config, projection=configs.NO_FILE)  # type: ignore[type-var]
    changed = dataclasses.replace(recipe, local=MappingProxyType({plan.source: config}))
    if plugin.SOURCE == "map":
        return changed
    thumbnail = plugins.load(GLOBAL_PLUGINS, "thumbnail")
    return dataclasses.replace(changed, global_kind="thumbnail", global_config=thumbnail.Config())


def _note(resolved: Recipe, plan: Plan) -> Note:
    network = fitted.Network.of(resolved)
    if plan.is_projection:
        return Note(plan.kind, network=network)
    config = configs.without_paths(configs.to_plain(resolved.local[plan.source]))
    return Note(plan.kind, plan.source, config, network)


def _descriptors(
    photos: Photos,
    recipe: Recipe,
    source: str,
    failures: list[tuple[str, str]],
    on_photo: Callable[[bool], None],
) -> Iterator[NDArray[np.generic]]:
    built = extractors.build(recipe)
    for block in describe.describe(photos, built, block_sizes=lambda: _BLOCK, on_photo=on_photo):
        records = block.records
        failures += [(records.ids[i], records.reasons[i]) for i in np.flatnonzero(records.statuses != OK)]
        packed = block.local[source]
        yield from (packed[i].descriptors for i in range(len(packed)))
