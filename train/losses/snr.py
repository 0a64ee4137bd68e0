"""Contrastive loss on signal-to-noise distances: the variance of a difference by that of the anchor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A positive pair costs max(0, d - `positive_margin`), a negative one max(0, `negative_margin` - d).

    d = var(anchor - other) / var(anchor) over the numbers of the embeddings at length one (the paper leaves
    their length free; pytorch-metric-learning's default, with which the comparison was made, does not).
    Means as in the contrastive loss; the paper's regulariser of zero means is left out, as there.
    Source: Yuan et al., CVPR 2019.
    """

    positive_margin: float = 0.0
    negative_margin: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.positive_margin < self.negative_margin:
            raise ConfigError(
                "loss.snr margins must rise from 0, got "
                f"positive_margin {self.positive_margin} and negative_margin {self.negative_margin}"
            )


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from pytorch_metric_learning.losses import ContrastiveLoss

    from train.losses._pairs import PairLoss
    from train.losses._signal_to_noise import SignalToNoise

    return PairLoss(ContrastiveLoss(config.positive_margin, config.negative_margin, distance=SignalToNoise()))
