"""Supervised contrastive loss: among all others of the batch a row should find those of its class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A row costs the mean over its positives of -log(exp(cosine / t) / sum over all its pairs of the same).

    t is `temperature`. The loss is the mean over the rows that have a positive; a batch of one class is
    none. Source: Khosla et al., NeurIPS 2020, equation 2 ("out").
    """

    temperature: float = 0.1

    def __post_init__(self) -> None:
        if not self.temperature > 0.0:
            raise ConfigError(f"loss.supcon.temperature must be above 0, got {self.temperature}")


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from pytorch_metric_learning.losses import SupConLoss

    from train.losses._pairs import PairLoss

    return PairLoss(SupConLoss(temperature=config.temperature))
