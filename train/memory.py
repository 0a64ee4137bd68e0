"""Embeddings of past batches, with which a small batch is compared as if it were a large one."""

import torch
from torch import nn

from train.reference import Reference


class Memory(nn.Module):
    """The last `size` embeddings, newest first, and their classes (-1 where there is none yet).

    They are part of the state; no gradient flows into them. Source: Wang et al., Cross-batch memory for
    embedding learning, CVPR 2020.
    """

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.vectors: torch.Tensor
        self.labels: torch.Tensor
        self.register_buffer("vectors", torch.zeros(size, dim))
        self.register_buffer("labels", torch.full((size,), -1))

    def behind(self, batch: Reference) -> Reference:
        """Put what is remembered behind the rows of a batch."""
        num_kept = int((self.labels >= 0).sum())
        return Reference(
            torch.cat([batch.vectors, self.vectors[:num_kept]]),
            torch.cat([batch.labels, self.labels[:num_kept]]),
        )

    def remember(self, batch: Reference) -> None:
        """Take in the rows of a batch; the oldest make room."""
        size = len(self.labels)
        vectors = batch.vectors.detach().to(self.vectors)
        self.vectors = torch.cat([vectors[:size], self.vectors[: max(0, size - len(vectors))]])
        self.labels = torch.cat([batch.labels[:size], self.labels[: max(0, size - len(vectors))]])
