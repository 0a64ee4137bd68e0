"""Class centres on the sphere with a margin of angle for each class.

pytorch-metric-learning's SubCenterArcFaceLoss has one margin for all classes, and a gradient that is no
number where an embedding meets its centre.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from train.mined import Mined
from train.reference import Reference

# Keeps the slope of the sine finite where an embedding meets its centre: it has none below 3e-4 radians.
_MIN_SQUARED_SINE = 1e-7


class AngularMargin(nn.Module):
    """ArcFace with sub-centres and a margin for each class.

    `centres` (classes * sub_centres, D) are learned, those of a class one after another.
    """

    def __init__(self, margins: Sequence[float], dim: int, sub_centres: int, scale: float) -> None:
        super().__init__()
        self.centres = nn.Parameter(nn.init.xavier_uniform_(torch.empty(len(margins) * sub_centres, dim)))
        self.sub_centres = sub_centres
        self.scale = scale
        self.margins: torch.Tensor
        # The recipe and the photographs say what they are: no part of the state.
        self.register_buffer("margins", torch.tensor(margins), persistent=False)

    def forward(
        self, embeddings: torch.Tensor, labels: torch.Tensor, reference: Reference, mined: Mined | None
    ) -> torch.Tensor:
        """Give the loss (a scalar) of `embeddings` (B, D) of classes `labels` (B,); pairs do not matter."""
        cosines = self.cosines(embeddings)
        own = cosines.gather(1, labels[:, None])
        widened = _widened(own, self.margins[labels][:, None])
        logits = self.scale * cosines.scatter(1, labels[:, None], widened.to(cosines.dtype))
        return functional.cross_entropy(logits, labels)

    def cosines(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Give the cosine of each embedding (B, D) to the nearest centre of each class, (B, classes)."""
        to_centres = functional.normalize(embeddings) @ functional.normalize(self.centres).T
        return to_centres.view(len(embeddings), -1, self.sub_centres).amax(dim=2)


def _widened(cosines: torch.Tensor, margins: torch.Tensor) -> torch.Tensor:
    sines = (1.0 - cosines.square()).clamp(min=_MIN_SQUARED_SINE).sqrt()
    widened = cosines * margins.cos() - sines * margins.sin()
    lowered = cosines - margins * margins.sin()
    return torch.where(cosines > -margins.cos(), widened, lowered)
