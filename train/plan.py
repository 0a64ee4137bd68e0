"""Which photographs stand in which batch: a matter of seed and epoch alone, so that a run can go on."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extract import plugins
from train.recipe import SAMPLERS, TrainRecipe


class Planned(NamedTuple):
    """The places (B,) of one batch and its epoch.

    Among N photographs place p is the photograph p % N in its view p // N of this epoch.
    """

    epoch: int
    places: NDArray[np.int64]


class Plan:
    """The batches of every epoch of a run; `labels` (N,) are numbers.

    Every epoch has `num_steps` batches of `batch_size` pictures, which is less than the recipe's where there
    are too few photographs for one of those.

    Raises:
        TrainingError: the batch size does not suit the sampler, or there are too few classes for it.
    """

    def __init__(self, recipe: TrainRecipe, labels: NDArray[np.int64]) -> None:
        sampler = plugins.load(SAMPLERS, recipe.sampler_kind)
        self._order: Callable[..., NDArray[np.int64]] = sampler.build(recipe.sampler)
        self._labels = np.tile(labels, recipe.views.copies)
        self._recipe = recipe
        self.num_steps, self.batch_size = self.epoch(0).shape

    def epoch(self, number: int) -> NDArray[np.int64]:
        """Give the places of epoch `number`, from 0, as (num_steps, batch_size)."""
        rng = np.random.default_rng([self._recipe.seed, number])
        return self._order(self._labels, self._recipe.batch_size, rng)

    def from_step(self, start_step: int) -> Iterator[Planned]:
        """Give the batches of all epochs from step `start_step` of the run on."""
        epoch, step = divmod(start_step, self.num_steps)
        while epoch < self._recipe.epochs:
            for places in self.epoch(epoch)[step:]:
                yield Planned(epoch, places)
            epoch, step = epoch + 1, 0
