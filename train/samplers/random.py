"""Every photograph once an epoch, in an order drawn anew."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Config:
    """Nothing to set."""


def build(config: Config) -> Callable[[IntArray, int, np.random.Generator], IntArray]:
    """Give the function from label numbers (N,), a batch size and a generator to places (steps, batch_size).

    The last batch is left out where it is not full, unless it is the only one.
    """
    return order


def order(labels: IntArray, batch_size: int, rng: np.random.Generator) -> IntArray:
    """Draw an epoch."""
    return in_batches(rng.permutation(len(labels)), batch_size)


def in_batches(places: IntArray, batch_size: int) -> IntArray:
    """Cut places (N,) into full batches (N // batch_size, batch_size), or the only one there is (1, N)."""
    if len(places) < batch_size:
        return places[None]
    steps = len(places) // batch_size
    return places[: steps * batch_size].reshape(steps, batch_size)
