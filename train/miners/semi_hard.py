"""Semi-hard negatives: any positive, and a negative that is a little farther away than it."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError
from train.mined import Mined, Miner
from train.miners import _choice
from train.reference import Reference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Config:
    """One triplet for each row that has both: d(a, p) <= d(a, n) < d(a, p) + `margin`.

    Any such negative is as likely as any other; where there is none, any negative at all, as in the study.
    Distances are Euclidean, between embeddings as they are; the default is the study's.
    Source: Schroff et al., CVPR 2015; the study of mushrooms.
    """

    margin: float = 1.5

    def __post_init__(self) -> None:
        if not self.margin > 0.0:
            raise ConfigError(f"miner.margin must be above 0, got {self.margin}")


def build(config: Config) -> Miner:
    """Give the miner."""
    return functools.partial(mine, margin=config.margin)


def mine(
    embeddings: "torch.Tensor",
    labels: "torch.Tensor",
    reference: Reference,
    generator: "torch.Generator",
    *,
    margin: float,
) -> Mined:
    """Choose one triplet for each row that has a positive and a negative."""
    anchors, are_positive, are_negative = _choice.candidates(labels, reference)
    away = _choice.distances(embeddings[anchors], reference.vectors)
    positives = _choice.at_random(are_positive, generator)
    least = away.gather(1, positives[:, None])
    semi_hard = are_negative & (least <= away) & (away < least + margin)
    allowed = semi_hard | (are_negative & ~semi_hard.any(dim=1, keepdim=True))
    return Mined(anchors, positives, _choice.at_random(allowed, generator))
