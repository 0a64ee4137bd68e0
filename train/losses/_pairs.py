"""Pair losses of pytorch-metric-learning, told which pairs of a batch and its reference count."""

import torch
from torch import nn

from train.mined import Mined, pair_masks
from train.reference import Reference


class PairLoss(nn.Module):
    """A loss over positive and negative pairs."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(
        self, embeddings: torch.Tensor, labels: torch.Tensor, reference: Reference, mined: Mined | None
    ) -> torch.Tensor:
        """Give the loss (a scalar) of `embeddings` (B, D) of classes `labels` (B,) against `reference`."""
        masks = pair_masks(labels, reference, mined)
        anchors, positives, others, negatives = (
            places for mask in masks for places in mask.nonzero(as_tuple=True)
        )
        indices = (anchors, positives, others, negatives)
        if len(positives) <= 1 and len(negatives) <= 1:
            # The library takes one pair of each kind for none at all (2.9.0, generic_pair_loss.py). The
            # losses used here are means over pairs of a kind, or over rows in which a pair is only marked:
            # saying it twice changes neither.
            indices = (anchors.repeat(2), positives.repeat(2), others.repeat(2), negatives.repeat(2))
        given: torch.Tensor = self.loss(embeddings, labels, indices, reference.vectors, reference.labels)
        return given
