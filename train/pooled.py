"""Pooled vectors of a frozen backbone: made once, kept in a store, and given in batches from memory."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from extract import recipe_files, run
from extract.photos import Photos
from extract.recipe import Recipe
from extract.store import DescriptorStore
from train.batch import Batch
from train.broken import BrokenPhotos
from train.plan import Planned
from train.split import Split

logger = logging.getLogger(__name__)

STORE_NAME = "pooled.store"


@dataclass(frozen=True, eq=False)
class PooledVectors:
    """Vectors (N, D) float32 of N photographs; `reasons` say why one has none, '' where it has."""

    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    reasons: tuple[str, ...]

    def select(self, ids: Iterable[str]) -> "PooledVectors":
        """Keep those of `ids`, in that order."""
        row_of = {photo_id: row for row, photo_id in enumerate(self.ids)}
        rows = [row_of[photo_id] for photo_id in ids]
        return PooledVectors(
            tuple(self.ids[row] for row in rows), self.vectors[rows], tuple(self.reasons[row] for row in rows)
        )


def describe(
    photos: Photos,
    recipe: Recipe,
    out: Path,
    *,
    given: Path | None = None,
    on_start: Callable[[int], None] = lambda todo: None,
    on_photo: Callable[[bool], None] = lambda failed: None,
) -> PooledVectors:
    """Describe `photos` by `recipe` (`inference.pooled_recipe`) into the store `pooled.store` in `out`.

    What is there already is kept, so a run that was cut off goes on. `given` is a store from which
    `photos` were read: where it was made by this very recipe, its vectors are taken as they are.

    Raises:
        RetrieveError: a store is damaged, of another recipe or cannot be written.
    """
    recipe = recipe_files.resolve(recipe)
    if given is not None:
        existing = DescriptorStore.open(given)
        if existing.digest == recipe.digest:
            return _read(existing, photos.ids)
        logger.info("%r was not made by the recipe of the frozen network; its photos are read", str(given))
    store = out / STORE_NAME
    run.run(photos, recipe, store, on_start=on_start, on_photo=on_photo)
    return _read(DescriptorStore.open(store), photos.ids)


def batches(
    split: Split, pooled: PooledVectors, plan: Iterable[Planned], broken: BrokenPhotos
) -> Iterator[Batch]:
    """Give the batches of `plan` from the vectors of `split.train` (`pooled`, in the same order).

    Every view of a photograph is the same vector. For one that could not be read the next of its class
    stands in (without labels the next of all).

    Raises:
        TrainingError: no photograph of a class could be read, or less than half of all.
    """
    rows = _stand_ins(split, pooled, broken)
    vectors, labels = torch.from_numpy(pooled.vectors), torch.from_numpy(split.labels)
    for _, places in plan:
        used = rows[places % len(rows)]
        yield Batch(vectors[used], labels[used], tuple(pooled.ids[row] for row in used))


def _stand_ins(split: Split, pooled: PooledVectors, broken: BrokenPhotos) -> NDArray[np.int64]:
    """Give for each photograph the row whose vector is used for it."""
    rows = np.arange(len(pooled.ids))
    failed = np.array([bool(reason) for reason in pooled.reasons])
    broken.add((pooled.ids[row], pooled.reasons[row]) for row in np.flatnonzero(failed))
    for row in np.flatnonzero(failed):
        same_class = split.labels == split.labels[row] if split.labelled else np.ones_like(failed)
        good = np.flatnonzero(same_class & ~failed)
        if not len(good):
            broken.refuse_class(split.classes[split.labels[row]])
        rows[row] = good[np.searchsorted(good, row) % len(good)]
    return rows


def _read(store: DescriptorStore, ids: tuple[str, ...]) -> PooledVectors:
    records = store.records
    row_of = {records.ids[row]: row for row in np.flatnonzero(store.current)}
    rows = np.array([row_of[photo_id] for photo_id in ids], np.int64)
    return PooledVectors(ids, store.vectors(rows), tuple(records.reasons[row] for row in rows))
