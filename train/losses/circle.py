"""Circle loss: pairs that are further from where they should be pull harder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A row costs log(1 + sum over negatives exp(g a (s - m)) * sum over positives exp(-g b (s - 1 + m))).

    s are cosines, m is `margin`, g `scale`, and the weights a = max(0, s + m) and b = max(0, 1 + m - s) carry
    no gradient. The loss is the mean over the rows that have positives and negatives and cost something.
    The paper takes .4 and 80 for retrieval of fine-grained classes, .25 and 256 for faces.
    Source: Sun et al., CVPR 2020.
    """

    margin: float = 0.4
    scale: float = 80.0

    def __post_init__(self) -> None:
        if not 0.0 < self.margin < 1.0 or not self.scale > 0.0:
            raise ConfigError(
                "loss.circle.margin must lie between 0 and 1 and loss.circle.scale above 0, "
                f"got {self.margin} and {self.scale}"
            )


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from pytorch_metric_learning.losses import CircleLoss

    from train.losses._pairs import PairLoss

    return PairLoss(CircleLoss(m=config.margin, gamma=config.scale))
