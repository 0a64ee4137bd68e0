"""Triplets that a miner chose, and the pairs that a loss looks at with or without a miner."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from train.reference import Reference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Mined:
    """Triplets, int64 (T,): `anchors` are rows of the batch, `positives` and `negatives` of the reference."""

    anchors: "torch.Tensor"
    positives: "torch.Tensor"
    negatives: "torch.Tensor"


class Miner(Protocol):
    """Chooses triplets of a batch; None leaves all pairs and triplets to the loss."""

    def __call__(
        self,
        embeddings: "torch.Tensor",
        labels: "torch.Tensor",
        reference: Reference,
        generator: "torch.Generator",
    ) -> Mined | None:
        """Choose from `embeddings` (B, D) of classes `labels` (B,) and `reference`; no gradient is kept."""


def pair_masks(
    labels: "torch.Tensor", reference: Reference, mined: Mined | None
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Say which pairs of a batch row and a reference row count as positive and as negative, (B, R) bool each.

    With `mined` those are the pairs of its triplets, each once; without, all, a row with itself left out.
    """
    positives, negatives = reference.positives(labels), reference.negatives(labels)
    if mined is None:
        return positives, negatives
    positives.zero_()[mined.anchors, mined.positives] = True
    negatives.zero_()[mined.anchors, mined.negatives] = True
    return positives, negatives
