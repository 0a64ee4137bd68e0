"""Triplet loss: an anchor is nearer to its positive than to its negative by a margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A triplet costs max(0, d(anchor, positive) - d(anchor, negative) + `margin`), d being Euclidean.

    With `normalise` the embeddings are at length one in it, as in the comparison of embedding methods;
    the study of mushrooms takes them as they are, with a margin of .5. The loss is the mean over the
    triplets that cost something (there: over all). A large memory makes very many triplets: set a miner.
    Source: Schroff et al., CVPR 2015, without the squares; Hermans et al., 2017, for the mean.
    """

    margin: float = 0.05
    normalise: bool = True

    def __post_init__(self) -> None:
        if not self.margin > 0.0:
            raise ConfigError(f"loss.triplet.margin must be above 0, got {self.margin}")


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from train.losses._triplets import TripletLoss

    return TripletLoss(config.margin, config.normalise)
