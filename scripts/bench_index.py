"""How much of the bare network's speed indexing reaches, end to end, and with SIFT how much of the ideal.

    python scripts/bench_index.py --photos index.csv --quick --json

`index_global_vs_network`: photographs a second of a whole run (read, decode, resize, network, HDF5, fsync)
over those of the same network on the same pictures decoded and batched in memory, in the better of two
arrangements (all threads on one batch, one batch a thread), measured in turns.
`index_sift_vs_ideal`: the same with SIFT, over what decoding, network and SIFT allow when each, by itself,
keeps all cores busy and nothing else happens.
"""

import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from bench_common import note, photos_from, read_options, show

from extract import describe, extractors, images, recipe, recipe_files, run
from extract.batches import Batch, Batcher
from extract.extractors import Extractors
from extract.photos import Photos
from extract.recipe import Recipe
from extract.store import DescriptorStore

# What a user would write; the run itself batches as its device likes.
_BARE_BATCH_SIZE = 8


def index_seconds(photos: Photos, chosen: Recipe) -> tuple[float, float]:
    """Seconds of a whole run into a fresh store, the loading of the network left out; bytes a photo."""
    begun: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bench.store"
        run.run(photos, chosen, store, on_start=lambda todo: begun.append(time.perf_counter()))
        taken = time.perf_counter() - begun[0]
        return taken, DescriptorStore.open(store).num_bytes / len(photos)


def batches_of(photos: Photos, built: Extractors) -> list[Batch]:
    """Decode everything and batch it by shape."""
    batcher = Batcher(_BARE_BATCH_SIZE)
    full = []
    for place, path in enumerate(photos.paths):
        pixels = built.vector.prepare(images.read_photo(path, built.photos).pixels)
        batch = batcher.add(place, pixels)
        full += [batch] if batch else []
    return full + list(batcher.rest())


def network_seconds(built: Extractors, batches: Sequence[Batch], *, one_batch_a_thread: bool) -> float:
    """Seconds of the bare network on batches in memory."""
    cores = describe.num_cores()
    if not one_batch_a_thread:
        torch.set_num_threads(cores)
        started = time.perf_counter()
        for _, pixels in batches:
            built.vector.extract(pixels)
        return time.perf_counter() - started
    with ThreadPoolExecutor(cores, initializer=describe._one_thread_each) as pool:
        started = time.perf_counter()
        list(pool.map(lambda batch: built.vector.extract(batch[1]), batches))
        return time.perf_counter() - started


def pool_seconds(work: object, items: Sequence[object]) -> float:
    """Seconds of `work` on every item with all cores busy."""
    with ThreadPoolExecutor(describe.num_cores(), initializer=describe._one_thread_each) as pool:
        started = time.perf_counter()
        list(pool.map(work, items))
        return time.perf_counter() - started


def main() -> None:
    options = read_options(__doc__ or "")
    count, rounds = (48, 2) if options.quick else (256, 3)
    photos = photos_from(options.photos, count)
    plain = recipe.load("default")
    with_sift = recipe.with_local(plain, ["sift"])
    built = extractors.build(recipe_files.resolve(with_sift))
    batches = batches_of(photos, built)
    network_seconds(built, batches[:4], one_batch_a_thread=True)
    shares, ideals, rates = [], [], []
    for number in range(rounds):
        note(f"round {number + 1} of {rounds}, {len(photos)} photos")
        network = min(
            network_seconds(built, batches, one_batch_a_thread=True),
            network_seconds(built, batches, one_batch_a_thread=False),
        )
        whole, _ = index_seconds(photos, plain)
        decoded: list[images.Photo] = []

        def decode(path: str, decoded: list[images.Photo] = decoded) -> None:
            decoded.append(images.read_photo(path, built.photos))
            built.vector.prepare(decoded[-1].pixels)

        decoding = pool_seconds(decode, photos.paths)
        sift = pool_seconds(built.from_photo["sift"].extract, decoded)
        whole_sift, bytes_a_photo = index_seconds(photos, with_sift)
        shares.append(network / whole)
        ideals.append((decoding + network + sift) / whole_sift)
        rates.append([len(photos) / value for value in (network, whole, whole_sift)])
    network_rate, global_rate, sift_rate = np.median(rates, axis=0)
    show(
        {
            "index_global_vs_network": statistics.median(shares),
            "index_sift_vs_ideal": statistics.median(ideals),
            "network_photos_per_second": float(network_rate),
            "index_global_photos_per_second": float(global_rate),
            "index_sift_photos_per_second": float(sift_rate),
            "bytes_per_photo_sift": bytes_a_photo,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "photos": len(photos),
        },
        options.json,
    )


if __name__ == "__main__":
    main()
