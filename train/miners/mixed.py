"""Mixed mining: any positive, and the negative that is nearest to that positive."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.mined import Mined, Miner
from train.miners import _choice
from train.reference import Reference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Config:
    """One triplet for each row that has both; distances are Euclidean, between embeddings as they are.

    Source: the study of mushrooms.
    """


def build(config: Config) -> Miner:
    """Give the miner."""
    return mine


def mine(
    embeddings: "torch.Tensor", labels: "torch.Tensor", reference: Reference, generator: "torch.Generator"
) -> Mined:
    """Choose one triplet for each row that has a positive and a negative."""
    anchors, are_positive, are_negative = _choice.candidates(labels, reference)
    positives = _choice.at_random(are_positive, generator)
    away = _choice.distances(reference.vectors[positives], reference.vectors)
    return Mined(anchors, positives, _choice.nearest(away, are_negative))
