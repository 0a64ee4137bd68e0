"""A linear layer over embeddings whose outputs are classes."""

import torch
from torch import nn
from torch.nn import functional

from train.mined import Mined
from train.reference import Reference


class LinearClasses(nn.Module):
    """Cross entropy of a linear layer."""

    def __init__(self, num_classes: int, dim: int) -> None:
        super().__init__()
        self.layer = nn.Linear(dim, num_classes)

    def forward(
        self, embeddings: torch.Tensor, labels: torch.Tensor, reference: Reference, mined: Mined | None
    ) -> torch.Tensor:
        """Give the loss (a scalar) of `embeddings` (B, D) of classes `labels` (B,); pairs do not matter."""
        return functional.cross_entropy(self.layer(embeddings), labels)
