"""NT-Xent: a positive pair should stand out against the anchor's negatives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A positive pair costs -log(exp(cosine / t) / (exp(cosine / t) + sum over the anchor's negatives)).

    t is `temperature`. Other positives of the anchor are no part of the sum. The loss is the mean over all
    positive pairs. Source: Chen et al., SimCLR, ICML 2020, with labels as in pytorch-metric-learning.
    """

    temperature: float = 0.5

    def __post_init__(self) -> None:
        if not self.temperature > 0.0:
            raise ConfigError(f"loss.ntxent.temperature must be above 0, got {self.temperature}")


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from train.losses._cross_entropy_of_pairs import CrossEntropyOfPairs

    return CrossEntropyOfPairs(config.temperature)
