"""Multi-similarity loss: soft maxima over a row's positives and negatives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A row costs log(1 + P) / a + log(1 + N) / b.

    P sums exp(-a (s - l)) over the row's positives, N exp(b (s - l)) over its negatives; s are cosines, a is
    `positive_scale`, b `negative_scale`, l `threshold`. The loss is the mean over all rows. The defaults are
    those of the authors' program (the paper writes a threshold of 1); its choice of pairs is not part of
    this. Source: Wang et al., CVPR 2019.
    """

    positive_scale: float = 2.0
    negative_scale: float = 50.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not (self.positive_scale > 0.0 and self.negative_scale > 0.0):
            raise ConfigError(
                "loss.multi-similarity.positive_scale and negative_scale must be above 0, "
                f"got {self.positive_scale} and {self.negative_scale}"
            )
        if not -1.0 <= self.threshold <= 1.0:
            raise ConfigError(
                f"loss.multi-similarity.threshold must be between -1 and 1, got {self.threshold}"
            )


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from pytorch_metric_learning.losses import MultiSimilarityLoss

    from train.losses._pairs import PairLoss

    return PairLoss(
        MultiSimilarityLoss(alpha=config.positive_scale, beta=config.negative_scale, base=config.threshold)
    )
