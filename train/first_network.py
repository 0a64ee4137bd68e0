"""The network as a training begins with it, which the one in training is held to (`network.distill`)."""

import copy

import torch
from torch import Tensor
from torch.nn import functional

from train.network import EmbeddingNetwork, HeadNetwork


class FirstNetwork:
    """A copy of `network` as it is now, which never changes; `weight` is that of holding to it.

    Source: Li and Hoiem, Learning without forgetting, ECCV 2016, on the directions of embeddings.
    """

    def __init__(self, network: EmbeddingNetwork | HeadNetwork, weight: float) -> None:
        self._network = copy.deepcopy(network).eval().requires_grad_(False)
        self._weight = weight

    @torch.no_grad()
    def pool(self, inputs: Tensor) -> Tensor:
        """Pool pictures (B, 3, h, w) as the first network does, (B, P)."""
        return self._network.pool(inputs)

    def distance(self, embeddings: Tensor, pooled: Tensor) -> Tensor:
        """Give the weighted mean of 1 - cosine between `embeddings` (B, D) and the first ones.

        `pooled` (B, P) is what `pool` gave for the same pictures.
        """
        with torch.no_grad():
            first: Tensor = self._network.head(pooled)
        distance: Tensor = self._weight * (1.0 - functional.cosine_similarity(embeddings, first)).mean()
        return distance
