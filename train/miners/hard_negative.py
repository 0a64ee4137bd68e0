"""Hard negatives: any positive, the nearest negative."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.mined import Mined, Miner
from train.miners import _choice
from train.reference import Reference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Config:
    """One triplet for each row that has both; distances are Euclidean, between embeddings as they are."""


def build(config: Config) -> Miner:
    """Give the miner."""
    return mine


def mine(
    embeddings: "torch.Tensor", labels: "torch.Tensor", reference: Reference, generator: "torch.Generator"
) -> Mined:
    """Choose one triplet for each row that has a positive and a negative."""
    anchors, are_positive, are_negative = _choice.candidates(labels, reference)
    away = _choice.distances(embeddings[anchors], reference.vectors)
    positives = _choice.at_random(are_positive, generator)
    return Mined(anchors, positives, _choice.nearest(away, are_negative))
