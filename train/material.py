"""What a run learns from and is judged by: pictures, or the vectors that a frozen backbone made of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from evaluate.embeddings import Distance
from extract.photos import Photos
from extract.recipe import Recipe
from train import agreement, distributed, embed, inference, judge, loader, pooled
from train.batch import Batch
from train.broken import BrokenPhotos
from train.events import Described, Describing, Event
from train.judge import Judged
from train.network import EmbeddingNetwork, HeadNetwork
from train.photo_dataset import PhotoDataset
from train.plan import Planned
from train.pooled import PooledVectors
from train.recipe import TrainRecipe
from train.split import Split

Failures = tuple[tuple[str, str], ...]


class Material(Protocol):
    """Batches to train on, and photographs to judge by."""

    def network(self) -> EmbeddingNetwork | HeadNetwork:
        """Build the network that takes these batches, with its first weights."""
        ...

    def batches(self, plan: Iterable[Planned], broken: BrokenPhotos) -> Iterator[Batch]:
        """Give the batches of `plan`; photographs that cannot be read are noted in `broken`."""
        ...

    def judge(self, network: nn.Module) -> tuple[Judged, Failures]:
        """Judge the network as it is; name the photographs (id, reason) that could not be read for it."""
        ...


@dataclass(frozen=True, eq=False)
class Pictures:
    """Views of photographs, made by `workers` processes."""

    recipe: TrainRecipe
    split: Split
    validation: Photos
    described: Recipe
    workers: int

    def network(self) -> EmbeddingNetwork:
        """Build backbone, pooling and head."""
        return EmbeddingNetwork.build(self.recipe.network, self.recipe.seed)

    def batches(self, plan: Iterable[Planned], broken: BrokenPhotos) -> Iterator[Batch]:
        """Give batches of pictures (B, 3, s, s)."""
        dataset = PhotoDataset(self.split, self.recipe.views, self.recipe.seed)
        return loader.batches(dataset, plan, broken, workers=self.workers)

    def judge(self, network: nn.Module) -> tuple[Judged, Failures]:
        """Judge by the photographs in the size that they will be described in."""
        embedded = embed.embed_photos(network, self.validation, self.described)
        labels = [self.validation.labels[row] for row in embedded.rows]
        return _judged(self.recipe, self.described, embedded.vectors, labels), embedded.failures


@dataclass(frozen=True, eq=False)
class Vectors:
    """Pooled vectors of `split.train` and of `validation`, each in its order."""

    recipe: TrainRecipe
    split: Split
    validation: Photos
    described: Recipe
    trained: PooledVectors
    judged: PooledVectors

    def network(self) -> HeadNetwork:
        """Build the head."""
        return HeadNetwork.build(self.recipe.network, self.trained.vectors.shape[1], self.recipe.seed)

    def batches(self, plan: Iterable[Planned], broken: BrokenPhotos) -> Iterator[Batch]:
        """Give batches of vectors (B, P)."""
        return pooled.batches(self.split, self.trained, plan, broken)

    def judge(self, network: nn.Module) -> tuple[Judged, Failures]:
        """Judge by the vectors of photographs that could be read."""
        rows = [row for row, reason in enumerate(self.judged.reasons) if not reason]
        named = zip(self.judged.ids, self.judged.reasons, strict=True)
        failures = tuple((name, reason) for name, reason in named if reason)
        vectors = embed.embed_vectors(
            network, self.judged.vectors[rows], [self.judged.ids[row] for row in rows]
        )
        labels = [self.validation.labels[row] for row in rows]
        return _judged(self.recipe, self.described, vectors, labels), failures


def prepare(
    recipe: TrainRecipe,
    split: Split,
    out: Path,
    device: torch.device,
    *,
    given: Path | None = None,
    workers: int | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Material:
    """Make ready what a run of `recipe` learns from; a frozen backbone describes the photographs into `out`.

    `given` is a store that the photographs were read from, whose vectors are taken where they are those
    of the frozen backbone. `workers` None takes as many processes as suit the device.

    Raises:
        RetrieveError: the photographs cannot be described so, or the store cannot be written.
    """
    described = inference.recipe_of(recipe)
    settings = recipe.validation
    validation = judge.at_most(split.validation, settings.max_photos, recipe.seed)
    if not recipe.network.frozen:
        count = loader.default_workers(device) if workers is None else workers
        return Pictures(recipe, split, validation, described, count)
    photos = _together(split.train, validation)
    # One after another: a store has one writer, and behind the first there is nothing left to do.
    for _ in range(distributed.rank()):
        agreement.wait()
    vectors = pooled.describe(
        photos, inference.pooled_recipe(recipe), out, given=given,
        on_start=lambda todo: on_event(Describing(todo)),
        on_photo=lambda failed: on_event(Described(failed)),
    )  # fmt: skip
    for _ in range(distributed.rank(), distributed.count()):
        agreement.wait()
    trained, judged = vectors.select(split.train.ids), vectors.select(validation.ids)
    return Vectors(recipe, split, validation, described, trained, judged)


def can_judge(validation: Photos) -> bool:
    """Say whether there are two classes in which a photograph has another one to find."""
    return sum(count > 1 for label, count in Counter(validation.labels).items() if label) > 1


def _together(first: Photos, second: Photos) -> Photos:
    return Photos(
        first.ids + second.ids,
        first.paths + second.paths,
        first.labels + second.labels,
        first.metadata + second.metadata,
    )


def _judged(
    recipe: TrainRecipe, described: Recipe, vectors: NDArray[np.float32], labels: list[str]
) -> Judged:
    # Judged as it will be searched: a recipe that does not normalise compares by the distance.
    distance: Distance = "cosine" if inference.network_config(described).normalise else "l2"
    return judge.judge(vectors, labels, recipe.validation.metric, distance=distance)
