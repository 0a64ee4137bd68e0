"""The loss of a recipe: its terms, weighted, over a batch, past batches and mined triplets."""

import logging
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from extract import plugins
from extract.errors import PluginError
from train.errors import TrainingError
from train.memory import Memory
from train.mined import Miner
from train.recipe import LOSSES, MINERS, TrainRecipe
from train.reference import Reference

# A batch without pairs may be chance; as many as this from the beginning are not.
NUM_FIRST_BATCHES = 20

_log = logging.getLogger(__name__)


def build(recipe: TrainRecipe, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "Criterion":
    """Build the loss for embeddings of `dim` numbers; what begins at random follows from the recipe's seed.

    `class_sizes` (num_classes,) counts the training photographs of each class.

    Raises:
        TrainingError: the recipe sets a memory or a miner, and no loss compares pairs.
        PluginError: a library that a loss needs is absent.
    """
    loaded = {name: plugins.load(LOSSES, name) for name in recipe.losses}
    pair_terms = frozenset(name for name, plugin in loaded.items() if plugin.NEEDS_PAIRS)
    for setting, given in (("memory", recipe.memory > 0), ("miner.kind", recipe.miner_kind != "all")):
        if given and not pair_terms:
            raise TrainingError(
                f"{setting} has no effect: {' and '.join(loaded)} compares photographs with classes, not "
                f"with each other; leave {setting} out, or add a loss over pairs, such as contrastive"
            )
    terms = {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(recipe.seed)
        for name, plugin in loaded.items():
            try:
                terms[name] = plugin.build(
                    recipe.losses[name].config, num_classes=num_classes, dim=dim, class_sizes=class_sizes
                )
            except ModuleNotFoundError as error:
                raise PluginError(
                    f"loss.{name} needs a package ({error}); pip install 'landmark-retrieval[train]'"
                ) from error
    weights = {name: term.weight for name, term in recipe.losses.items()}
    miner = plugins.load(MINERS, recipe.miner_kind).build(recipe.miner)
    memory = Memory(recipe.memory, dim) if recipe.memory else None
    return Criterion(terms, weights, pair_terms, miner, memory)


class Criterion(nn.Module):
    """A weighted sum of losses; class centres, memory and counts of batches are its state.

    `pair_terms` names the terms that compare photographs with each other: they alone see what is remembered
    and what is mined.
    """

    def __init__(
        self,
        terms: Mapping[str, nn.Module],
        weights: Mapping[str, float],
        pair_terms: frozenset[str],
        miner: Miner,
        memory: Memory | None,
    ) -> None:
        super().__init__()
        self.terms = nn.ModuleDict(terms)
        self.memory = memory
        self._weights = dict(weights)
        self._pair_terms = pair_terms
        self._miner = miner
        self.num_batches: torch.Tensor
        self.num_pairless_batches: torch.Tensor
        self.register_buffer("num_batches", torch.tensor(0))
        self.register_buffer("num_pairless_batches", torch.tensor(0))

    def forward(
        self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Give the loss (a scalar) of `embeddings` (B, D) of classes `labels` (B,) int64.

        It is computed in float32 even under autocast (float64 stays). In training mode the batch is then
        remembered and counted; a batch without pairs costs what its other terms and negatives cost.

        Raises:
            TrainingError: see `check_pairs`, which is asked of the first 20 batches.
        """
        with torch.autocast(embeddings.device.type, enabled=False):
            batch = Reference(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), labels)
            reference = self.memory.behind(batch) if self.memory is not None else batch
            if self.training and self._pair_terms:
                self._count(labels, reference)
            mined = None
            if self._pair_terms:
                mined = self._miner(batch.vectors, labels, reference, generator)
            costs = [
                weight * self.terms[name](batch.vectors, labels, reference, mined)
                for name, weight in self._weights.items()
            ]
            if self.training and self.memory is not None:
                self.memory.remember(batch)
        return torch.stack(costs).sum()

    def check_pairs(self) -> None:
        """Refuse to go on when no batch so far has had a pair to learn from; to be asked after each epoch.

        With a term that needs no pairs the run goes on, and the log says so.

        Raises:
            TrainingError: only losses over pairs are used, and no batch has held two photographs of one
                class beside one of another.
        """
        num_batches = int(self.num_batches)
        if not self._pair_terms or not num_batches or int(self.num_pairless_batches) < num_batches:
            return
        said = (
            f"none of {num_batches} batches held two photographs of one class beside one of another, so "
            f"{' and '.join(sorted(self._pair_terms))} had no pair to learn from; set sampler.kind to "
            "'m-per-class' (or 'two-views' without labels), or a larger batch_size"
        )
        if len(self._pair_terms) == len(self._weights):
            raise TrainingError(said)
        _log.warning("%s", said)

    def _count(self, labels: torch.Tensor, reference: Reference) -> None:
        has_pairs = reference.positives(labels).any() & reference.negatives(labels).any()
        self.num_batches += 1
        self.num_pairless_batches += (~has_pairs).to(torch.int64)
        if int(self.num_batches) == NUM_FIRST_BATCHES:
            self.check_pairs()
