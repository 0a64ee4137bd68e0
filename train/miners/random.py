"""Random mining: any positive, any negative."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.mined import Mined, Miner
from train.miners import _choice
from train.reference import Reference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Config:
    """One triplet for each row that has both; every choice is as likely as any other."""


def build(config: Config) -> Miner:
    """Give the miner."""
    return mine


def mine(
    embeddings: "torch.Tensor", labels: "torch.Tensor", reference: Reference, generator: "torch.Generator"
) -> Mined:
    """Choose one triplet for each row that has a positive and a negative."""
    anchors, are_positive, are_negative = _choice.candidates(labels, reference)
    positives = _choice.at_random(are_positive, generator)
    return Mined(anchors, positives, _choice.at_random(are_negative, generator))
