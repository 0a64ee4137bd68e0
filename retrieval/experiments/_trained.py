"""Train an arm's network, and embed photographs with it."""

import dataclasses
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluate.embeddings import outcome_from_vectors
from evaluate.outcome import Outcome
from extract import images
from extract import recipe as recipes
from extract import run as extraction
from extract.config import FileRef
from extract.describe import num_cores
from extract.errors import ConfigError, PhotoError, PhotosError
from extract.global_descriptors import network as descriptors
from extract.photos import Photos
from extract.recipe import Recipe
from extract.size_rule import fit
from extract.store import DescriptorStore
from train.recipe import TrainRecipe
from train.recipe import from_plain as recipe_from_plain

if TYPE_CHECKING:
    from retrieval.experiments._run import Work
    from train.network import EmbeddingNetwork

Vectors = NDArray[np.float32]

RUN = "run"
_BATCH_SIZE = 32


def trained(plain: Mapping[str, object], photos: Photos, work: "Work", *, given: Path | None = None) -> Path:
    """Train by a recipe's plain values with the seed of `work`; give the folder that holds what came out.

    A run that was broken off goes on. `given` is a store of `pooled` for a frozen backbone.

    Raises:
        RetrieveError: the recipe is wrong, the photographs do not suit it or training fails.
    """
    from train import loop

    out = work.folder / RUN
    # Processes that make pictures take as long to start as a small run takes.
    workers = 0 if work.small else None
    loop.fit(_recipe(plain, work), photos, out, resume=out.exists(), given=given, workers=workers)
    return out


def pooled(plain: Mapping[str, object], photos: Photos, folder: Path, work: "Work") -> tuple[Path, Vectors]:
    """Describe `photos` (N) by the frozen backbone of a recipe, once for all arms that share `folder`.

    Gives the store for `trained`, and the pooled vectors (N, P).

    Raises:
        RetrieveError: a photograph cannot be read, or the store cannot be written.
    """
    from train import inference
    from train import pooled as frozen

    folder.mkdir(parents=True, exist_ok=True)
    found = frozen.describe(photos, inference.pooled_recipe(_recipe(plain, work)), folder)
    for name, reason in zip(found.ids, found.reasons, strict=True):
        if reason:
            raise _unreadable(name, reason)
    return folder / frozen.STORE_NAME, found.vectors


def headed(run: Path, vectors: Vectors) -> Vectors:
    """Put the head that a training left in `run` on pooled vectors (N, P), to (N, D)."""
    import torch

    from extract import heads
    from train import result

    head = heads.read(run / result.HEAD_FILE, vectors.shape[1]).module
    with torch.inference_mode():
        return np.asarray(head(torch.from_numpy(vectors)).numpy(), dtype=np.float32)


def network_of(plain: Mapping[str, object], run: Path | None, work: "Work") -> "EmbeddingNetwork":
    """Build the network of a recipe's plain values with what a training left in `run`; None: as it begins.

    Raises:
        RetrieveError: weights are absent or of another network.
    """
    from extract import heads
    from train import result
    from train.network import EmbeddingNetwork

    settings = _recipe(plain, work).network
    if run is None:
        return EmbeddingNetwork.build(settings, work.seed).eval()
    weights = FileRef(str(run / result.WEIGHTS_FILE))
    network = EmbeddingNetwork.build(
        dataclasses.replace(settings, weights=weights, pretrained=True), work.seed
    )
    if settings.head != "none":
        network.head = heads.read(run / result.HEAD_FILE, network.pooled_dim).module
    return network.eval()


def embedded(network: "EmbeddingNetwork", plain: Mapping[str, object], photos: Photos) -> Vectors:
    """Embed `photos` (N) by the size rule of the recipe's plain values, (N, D).

    Raises:
        PhotosError: a photograph cannot be read.
    """
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    parts = []
    with torch.inference_mode():
        for pictures in _pictures(photos, recipes.from_plain(_table(plain, "recipe"))):
            batch = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2)
            parts.append(network(batch).float().cpu().numpy())
    return np.concatenate(parts)


def described(recipe: Recipe, photos: Photos, store: Path) -> Vectors:
    """Describe `photos` into a store that a second call finds again; give vectors (N, D) in their order.

    Raises:
        PhotosError: a photograph cannot be read.
        RetrieveError: the network cannot be loaded, or the store cannot be written.
    """
    summary = extraction.run(photos, recipe, store)
    if summary.failures:
        first = summary.failures[0]
        raise _unreadable(first.id, first.reason)
    opened = DescriptorStore.open(store)
    rows = {opened.records.ids[row]: int(row) for row in np.flatnonzero(opened.current)}
    return np.asarray(opened.vectors(np.array([rows[name] for name in photos.ids])), dtype=np.float32)


def searched(
    queries: Photos, query_vectors: Vectors, labels: Sequence[str], vectors: Vectors, k: int
) -> Outcome:
    """Search the k nearest of `vectors` (N, D) for each query by squared L2 and judge them by label."""
    outcome = outcome_from_vectors(query_vectors, queries.labels, vectors, labels, k=k, exclude_self=False)
    return dataclasses.replace(outcome, query_ids=queries.ids)


def clear(work: "Work") -> None:
    """Remove what a small run leaves beside its outcome: networks of no use elsewhere, which fill a disk."""
    if not work.small:
        return
    for path in work.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def _recipe(plain: Mapping[str, object], work: "Work") -> TrainRecipe:
    return recipe_from_plain({**plain, "seed": work.seed}, "the experiment's recipe")


def _table(plain: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = plain[name]
    if not isinstance(table, Mapping):
        raise ConfigError(f"{name} must be a table, got {table!r}")
    return table


def _pictures(photos: Photos, recipe: Recipe) -> Iterator[NDArray[np.uint8]]:
    """Decode and resize in threads, a batch (B, h, w, 3) at a time; the size rule must give one shape."""
    config = recipe.global_config
    if not isinstance(config, descriptors.Config) or config.size_rule != "crop":
        raise ConfigError("an experiment embeds crops of one size; set global.size_rule = 'crop'")

    def prepare(row: int) -> NDArray[np.uint8]:
        try:
            pixels = images.read_photo(photos.paths[row], recipe.photos).pixels
        except PhotoError as error:
            raise _unreadable(photos.ids[row], str(error)) from error
        return fit(pixels, config.size_rule, config.size_px, config.resize_px, config.multiple_px)

    with ThreadPoolExecutor(num_cores()) as pool:
        for start in range(0, len(photos), _BATCH_SIZE):
            rows = range(start, min(start + _BATCH_SIZE, len(photos)))
            yield np.stack(list(pool.map(prepare, rows)))


def _unreadable(photo_id: str, reason: str) -> PhotosError:
    return PhotosError(
        f"the photo {photo_id!r} cannot be read ({reason}); take it out of the data, as all arms must "
        "be asked the same"
    )
