"""Classification: a linear layer over the embedding names the class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = False


@dataclass(frozen=True)
class Config:
    """The mean cross entropy of a linear layer with one output a class, over embeddings as they are.

    Source: the thesis's "classification top".
    """


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss with a layer that begins at random (torch's global state)."""
    from train.losses._linear_classes import LinearClasses

    return LinearClasses(num_classes, dim)
