"""What one training step takes: inputs of one shape, their labels, and whose they are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures (B, 3, s, s) uint8 RGB or pooled vectors (B, D) float32, label numbers (B,) int64, photo ids.

    Pictures lie in memory with their channels last, as convolutions like them.
    """

    inputs: "torch.Tensor"
    labels: "torch.Tensor"
    ids: tuple[str, ...]
