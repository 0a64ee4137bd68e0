"""Every photograph twice in a row, in two views: what training without labels calls a pair."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from train.errors import TrainingError
from train.samplers.random import IntArray, in_batches


@dataclass(frozen=True)
class Config:
    """Nothing to set."""


def build(config: Config) -> Callable[[IntArray, int, np.random.Generator], IntArray]:
    """Give the function from label numbers (N,), a batch size and a generator to places (steps, batch_size).

    Place p and place p + N are two views of one photograph.
    """
    return order


def order(labels: IntArray, batch_size: int, rng: np.random.Generator) -> IntArray:
    """Draw an epoch; a last batch that is not full is left out, unless it is the only one.

    Raises:
        TrainingError: the batch size is odd.
    """
    if batch_size % 2:
        raise TrainingError(
            f"the sampler two-views puts each photo twice into a batch, and batch_size is {batch_size}; "
            "set an even one"
        )
    first = in_batches(rng.permutation(len(labels)), batch_size // 2)
    return np.stack([first, first + len(labels)], axis=2).reshape(len(first), -1)
