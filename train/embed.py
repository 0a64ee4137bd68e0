"""Embeddings of photographs by the network as it is now, in the size that they will be described in."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from extract import images
from extract.batches import Batcher
from extract.describe import num_cores
from extract.errors import PhotoError
from extract.photos import Photos
from extract.recipe import Recipe
from extract.size_rule import fit
from train.errors import TrainingError
from train.inference import network_config

_BATCH_SIZE = {"cpu": 1, "cuda": 32}
_PHOTOS_AT_ONCE = 64
_VECTORS_AT_ONCE = 4096

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Embedded:
    """Embeddings (R, D) of the photographs in `rows` (R,); `failures` (id, reason) are those without one."""

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    failures: tuple[tuple[str, str], ...]


def embed_photos(network: torch.nn.Module, photos: Photos, recipe: Recipe) -> Embedded:
    """Embed `photos` by the size rule of `recipe` (`inference.recipe_of`).

    The network is left in the mode (training or not) that it was in.

    Raises:
        TrainingError: none can be read, or an embedding is not finite.
    """
    device = next(network.parameters()).device
    batcher = Batcher(_BATCH_SIZE.get(device.type, _BATCH_SIZE["cuda"]))
    found: dict[int, NDArray[np.float32]] = {}
    failures: list[tuple[str, str]] = []

    def take(places: list[int], pixels: Pixels) -> None:
        pictures = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)
        found.update(zip(places, network(pictures).float().cpu().numpy(), strict=True))

    with _judged(network):
        for place, prepared in enumerate(_prepared(photos, recipe)):
            if isinstance(prepared, str):
                failures.append((photos.ids[place], prepared))
            elif batch := batcher.add(place, prepared):
                take(*batch)
        for batch in batcher.rest():
            take(*batch)
    if not found:
        raise TrainingError(
            f"none of the {len(photos)} photos for validation can be read; mend the paths to them"
        )
    rows = np.array(sorted(found), np.int64)
    vectors = np.stack([found[row] for row in rows])
    _check_finite(vectors, [photos.ids[row] for row in rows])
    return Embedded(rows, vectors, tuple(failures))


def embed_vectors(
    network: torch.nn.Module, vectors: NDArray[np.float32], ids: list[str]
) -> NDArray[np.float32]:
    """Embed pooled vectors (N, P) of the photographs `ids` as (N, D).

    The network is left in the mode that it was in.

    Raises:
        TrainingError: an embedding is not finite.
    """
    device = next(network.parameters()).device
    with _judged(network):
        parts = torch.split(torch.from_numpy(vectors), _VECTORS_AT_ONCE)
        embedded = torch.cat([network(part.to(device)) for part in parts])
        embeddings: NDArray[np.float32] = embedded.float().cpu().numpy()
    _check_finite(embeddings, ids)
    return embeddings


@contextlib.contextmanager
def _judged(network: torch.nn.Module) -> Iterator[None]:
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.train(was_training)


def _prepared(photos: Photos, recipe: Recipe) -> Iterator[Pixels | str]:
    """Decode and resize in threads, some photographs ahead; of what cannot be read give the reason."""
    config = network_config(recipe)

    def prepare(path: str) -> Pixels | str:
        try:
            pixels = images.read_photo(path, recipe.photos).pixels
        except PhotoError as error:
            return str(error)
        return fit(pixels, config.size_rule, config.size_px, config.resize_px, config.multiple_px)

    with ThreadPoolExecutor(num_cores()) as pool:
        for start in range(0, len(photos), _PHOTOS_AT_ONCE):
            yield from pool.map(prepare, photos.paths[start : start + _PHOTOS_AT_ONCE])


def _check_finite(vectors: NDArray[np.float32], ids: list[str]) -> None:
    wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if wrong.size:
        raise TrainingError(
            f"the embedding of photo {ids[wrong[0]]!r} is not finite ({wrong.size} of {len(ids)} are not); "
            "lower optimiser.rate, or train in float32"
        )
