"""The signal-to-noise distance as one matrix product.

pytorch-metric-learning's SNRDistance holds every difference of two embeddings: B R D numbers, and twenty
times the time for 128 rows of 512.
"""

import torch
from pytorch_metric_learning.distances import SNRDistance


class SignalToNoise(SNRDistance):  # type: ignore[misc]
    """var(row - other) / var(row), of embeddings at length one."""

    def compute_mat(self, query_emb: torch.Tensor, ref_emb: torch.Tensor) -> torch.Tensor:
        """Give the distances (B, R) of `query_emb` (B, D) and `ref_emb` (R, D); the library names them so."""
        rows = query_emb - query_emb.mean(dim=1, keepdim=True)
        others = ref_emb - ref_emb.mean(dim=1, keepdim=True)
        signal = rows.square().sum(dim=1, keepdim=True)
        noise = signal + others.square().sum(dim=1) - 2.0 * rows @ others.T
        # Equal rows may come out a rounding error below nothing.
        return noise.clamp(min=0.0) / signal
