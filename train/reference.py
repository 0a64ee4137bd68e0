"""What a batch is compared with: its own rows, and behind them rows of past batches."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Reference:
    """`vectors` (R, D) and `labels` (R,); the first B rows are the batch's own, in its order."""

    vectors: "torch.Tensor"
    labels: "torch.Tensor"

    def positives(self, labels: "torch.Tensor") -> "torch.Tensor":
        """Say which rows are of a batch row's class without being that row: (B, R) bool for `labels` (B,)."""
        return (labels[:, None] == self.labels).fill_diagonal_(False)

    def negatives(self, labels: "torch.Tensor") -> "torch.Tensor":
        """Say which rows are of another class than a batch row: (B, R) bool for `labels` (B,)."""
        return labels[:, None] != self.labels
