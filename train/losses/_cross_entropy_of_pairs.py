"""The cross entropy of each positive pair against the anchor's negatives, in the memory of one (B, R) matrix.

pytorch-metric-learning's holds a matrix of positive by negative pairs: 23 GB for 128 rows of 50 classes and a
memory of 4,096.
"""

import torch
from torch import nn
from torch.nn import functional

from train.mined import Mined, pair_masks
from train.reference import Reference


class CrossEntropyOfPairs(nn.Module):
    """NT-Xent with labels."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(
        self, embeddings: torch.Tensor, labels: torch.Tensor, reference: Reference, mined: Mined | None
    ) -> torch.Tensor:
        """Give the loss (a scalar) of `embeddings` (B, D) of classes `labels` (B,) against `reference`."""
        positives, negatives = pair_masks(labels, reference, mined)
        if not positives.any():
            return (embeddings * 0.0).sum()
        rows, others = functional.normalize(embeddings), functional.normalize(reference.vectors)
        logits = rows @ others.T / self.temperature
        # Not minus infinity, of which a row without negatives would make a gradient that is no number.
        hidden = logits.masked_fill(~negatives, torch.finfo(logits.dtype).min)
        against = hidden.logsumexp(dim=1, keepdim=True)
        return functional.softplus(against - logits)[positives].mean()
