"""Contrastive loss: pairs of one class are pulled together, others pushed apart up to a margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = True


@dataclass(frozen=True)
class Config:
    """A positive pair costs max(0, d - `positive_margin`), a negative one max(0, `negative_margin` - d).

    `distance` d is that of the embeddings at length one: `euclidean`, or `cosine` = 1 - cosine, with which
    a negative margin of .4 pushes pairs whose cosine is above .6. The loss is the mean over the positive
    pairs that cost something plus the same over the negative ones (pytorch-metric-learning's default, with
    which the comparison of embedding methods was made; the thesis halves the mean over all pairs).
    Source: Hadsell et al., CVPR 2006, without the square; the thesis's loss on 1 - cosine.
    """

    distance: Literal["euclidean", "cosine"] = "euclidean"
    positive_margin: float = 0.0
    negative_margin: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.positive_margin < self.negative_margin <= 2.0:
            raise ConfigError(
                "loss.contrastive margins must rise from 0 to at most 2 (the largest distance), got "
                f"positive_margin {self.positive_margin} and negative_margin {self.negative_margin}"
            )


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss; the classes do not matter to it."""
    from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
    from pytorch_metric_learning.losses import ContrastiveLoss

    from train.losses._pairs import PairLoss

    positive, negative = config.positive_margin, config.negative_margin
    if config.distance == "euclidean":
        return PairLoss(ContrastiveLoss(positive, negative, distance=LpDistance()))
    # There the margins are similarities that a pair should pass.
    return PairLoss(ContrastiveLoss(1.0 - positive, 1.0 - negative, distance=CosineSimilarity()))
