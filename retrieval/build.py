"""Photographs into a store that is ready to be asked: descriptors, then the collection's neighbourhood."""

from collections.abc import Callable
from pathlib import Path

from extract import run
from extract.photos import Photos
from extract.recipe import Recipe
from extract.run import Summary
from retrieval import neighbourhood


def build(
    photos: Photos,
    recipe: Recipe,
    store: str | Path,
    *,
    threads: int = 0,
    on_start: Callable[[int], None] = lambda todo: None,
    on_photo: Callable[[bool], None] = lambda failed: None,
) -> Summary:
    """Bring the store up to `photos` (see `extract.run.run`) and its neighbourhood up to the store.

    Raises:
        RetrieveError: the store is busy, damaged, of another recipe or cannot be written; what was
            committed before stays, and the same call goes on from there.
    """
    summary = run.run(photos, recipe, store, threads=threads, on_start=on_start, on_photo=on_photo)
    neighbourhood.update(store)
    return summary
