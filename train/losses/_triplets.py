"""The mean over the triplets that cost something, without a list of them.

pytorch-metric-learning's TripletMarginLoss lists them: 45 million for 128 rows of 50 classes and a memory of
4,096, and three times the time.
"""

import torch
from pytorch_metric_learning.distances import LpDistance
from torch import nn

from train.mined import Mined
from train.reference import Reference


class TripletLoss(nn.Module):
    """A hinge on the difference of two Euclidean distances."""

    def __init__(self, margin: float, normalise: bool) -> None:
        super().__init__()
        self.margin = margin
        self.distance = LpDistance(normalize_embeddings=normalise)

    def forward(
        self, embeddings: torch.Tensor, labels: torch.Tensor, reference: Reference, mined: Mined | None
    ) -> torch.Tensor:
        """Give the loss (a scalar) of `embeddings` (B, D) of classes `labels` (B,) against `reference`."""
        away: torch.Tensor = self.distance(embeddings, reference.vectors)
        if mined is not None:
            nearer, farther = away[mined.anchors, mined.positives], away[mined.anchors, mined.negatives]
            costs = (nearer - farther + self.margin).relu()
        else:
            anchors, positives = reference.positives(labels).nonzero(as_tuple=True)
            costs = (away[anchors, positives][:, None] - away[anchors] + self.margin).relu()
            costs = costs.masked_fill(~reference.negatives(labels)[anchors], 0.0)
        return costs.sum() / (costs > 0).sum().clamp(min=1)
