"""How much of a bare loop's speed training reaches, and how much faster a head learns from the store.

    python scripts/bench_train.py --photos train.csv --quick --json

`train_vs_bare`: pictures a second of training (read, decode, views, step) over those of a plain loop of
forward, loss, backward and optimiser with the same network, loss (that which holds to the first network
included) and batches already in memory, in turns.
`frozen_store_vs_pictures`: training a head on the stored vectors of a frozen backbone, over training it
through the pictures.
"""

import contextlib
import dataclasses
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import torch
from bench_common import note, photos_from, read_options, show

from extract.allocator import keep_freed_memory
from extract.config import NO_FILE
from train import criterion, inference, loader, pooled
from train import recipe as recipes
from train.batch import Batch
from train.broken import BrokenPhotos
from train.first_network import FirstNetwork
from train.network import EmbeddingNetwork, HeadNetwork
from train.photo_dataset import PhotoDataset
from train.plan import Plan
from train.recipe import TrainRecipe
from train.split import Split, hold_back
from train.step import Step

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
_NO_LIMIT = 1_000_000
# Batches that a process of the loader has ready at most.
_AHEAD = 2


def step_of(recipe: TrainRecipe, split: Split, network: EmbeddingNetwork | HeadNetwork) -> Step:
    """Give a training step that runs as often as it is asked to."""
    loss = criterion.build(recipe, len(split.classes), network.dim, split.class_sizes)
    return Step(network, loss, recipe, _NO_LIMIT, _NO_LIMIT, DEVICE)


def bare_step(recipe: TrainRecipe, split: Split) -> Callable[[Batch], float]:
    """Give what anyone would write: forward, that of the first network, loss, backward, AdamW."""
    network = EmbeddingNetwork.build(recipe.network, recipe.seed).to(DEVICE).train()
    loss_of = criterion.build(recipe, len(split.classes), network.dim, split.class_sizes).to(DEVICE)
    first = FirstNetwork(network, recipe.network.distill)
    parameters = [*network.trained_parameters(), *loss_of.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=recipe.optimiser.rate)
    is_bf16 = recipe.optimiser.precision == "bf16"
    generator = torch.Generator(DEVICE)

    def run(batch: Batch) -> float:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=is_bf16):
            embeddings, held = network(batch.inputs), first.pool(batch.inputs)
        loss = loss_of(embeddings, batch.labels, generator) + first.distance(embeddings, held)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return run


def pictures(recipe: TrainRecipe, split: Split, workers: int) -> Generator[Batch, None, None]:
    """Give batches of pictures without end."""
    dataset = PhotoDataset(split, recipe.views, recipe.seed)
    plan = Plan(dataclasses.replace(recipe, epochs=_NO_LIMIT), split.labels)
    yield from loader.batches(dataset, plan.from_step(0), BrokenPhotos(len(split.train)), workers=workers)


def pictures_a_second(run: Callable[[Batch], float], batches: Iterator[Batch], steps: int) -> float:
    """Time `steps` steps."""
    started = time.perf_counter()
    count = 0
    for batch in itertools.islice(batches, steps):
        run(batch)
        count += len(batch.ids)
    return count / (time.perf_counter() - started)


def from_photos_a_second(
    run: Callable[[Batch], float], recipe: TrainRecipe, split: Split, steps: int
) -> float:
    """Time `steps` steps that read their photographs, beginning where nothing is ready from before."""
    workers = loader.default_workers(DEVICE)
    with contextlib.closing(pictures(recipe, split, workers)) as stream:
        for batch in itertools.islice(stream, _AHEAD * workers + 1):
            run(batch)
        return pictures_a_second(run, stream, steps)


def whole_training(recipe: TrainRecipe, split: Split, steps: int, rounds: int) -> dict[str, float]:
    """Compare training with a bare loop, in turns."""
    step = step_of(recipe, split, EmbeddingNetwork.build(recipe.network, recipe.seed))
    bare = bare_step(recipe, split)
    held = [
        Batch(batch.inputs.to(DEVICE), batch.labels.to(DEVICE), batch.ids)
        for batch in itertools.islice(pictures(recipe, split, 0), steps)
    ]
    rates = []
    for number in range(rounds + 1):
        note(f"training, round {number} of {rounds}")
        whole_rate = from_photos_a_second(step.run, recipe, split, steps)
        rates.append((whole_rate, pictures_a_second(bare, iter(held), steps)))
    whole, plain = zip(*rates[1:], strict=True)
    return {
        "train_vs_bare": statistics.median(one / two for one, two in rates[1:]),
        "train_pictures_per_second": statistics.median(whole),
        "bare_pictures_per_second": statistics.median(plain),
    }


def frozen_training(recipe: TrainRecipe, split: Split, steps: int, rounds: int) -> dict[str, float]:
    """Compare a head's training from the store with that through the pictures, in turns."""
    settings = dataclasses.replace(
        recipe.network, frozen=True, frozen_stages=0, head="mlp", dim=256, whitening=NO_FILE, distill=0.0
    )
    frozen = dataclasses.replace(recipe, network=settings)
    note("describing photos once")
    with tempfile.TemporaryDirectory() as folder:
        vectors = pooled.describe(split.train, inference.pooled_recipe(frozen), Path(folder))
    through = step_of(frozen, split, EmbeddingNetwork.build(settings, recipe.seed))
    head = HeadNetwork.build(settings, vectors.vectors.shape[1], recipe.seed)
    stored = step_of(frozen, split, head)
    plan = Plan(dataclasses.replace(frozen, epochs=_NO_LIMIT), split.labels)
    from_store = pooled.batches(split, vectors, plan.from_step(0), BrokenPhotos(len(split.train)))
    rates = []
    for number in range(rounds + 1):
        note(f"head, round {number} of {rounds}")
        rates.append(
            (
                pictures_a_second(stored.run, from_store, 20 * steps),
                from_photos_a_second(through.run, frozen, split, steps),
            )
        )
    return {
        "frozen_store_vs_pictures": statistics.median(one / two for one, two in rates[1:]),
        "frozen_store_pictures_per_second": statistics.median(one for one, _ in rates[1:]),
        "frozen_pictures_per_second": statistics.median(two for _, two in rates[1:]),
    }


def main() -> None:
    """Measure both, on the photographs named or drawn ones."""
    options = read_options(__doc__ or "")
    count, steps, rounds = (96, 2, 2) if options.quick else (512, 6, 5)
    recipe = recipes.load("default")
    # As every run does; the bare loop gains by it too.
    if DEVICE.type == "cpu":
        keep_freed_memory()
    if DEVICE.type == "cuda":
        faster = dataclasses.replace(recipe.optimiser, precision="bf16")
        recipe, steps = dataclasses.replace(recipe, batch_size=128, optimiser=faster), 5 * steps
    photos = photos_from(options.photos, count)
    if not any(photos.labels):
        photos = dataclasses.replace(photos, labels=tuple(str(row // 4) for row in range(len(photos))))
    split = hold_back(photos, 0.0, recipe.seed)
    figures = whole_training(recipe, split, steps, rounds) | frozen_training(recipe, split, steps, rounds)
    show(figures | {"batch_size": recipe.batch_size, "photos": len(split.train)}, options.json)


if __name__ == "__main__":
    main()
