"""Choose one reference row for each batch row: at random, the nearest, the farthest."""

from typing import TYPE_CHECKING

from train.reference import Reference

if TYPE_CHECKING:
    import torch


def candidates(
    labels: "torch.Tensor", reference: Reference
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """Give the batch rows that have both a positive and a negative, rising, (A,) int64, and which those are.

    The latter say of each such row which reference rows are its positives and its negatives, (A, R) bool.
    """
    are_positive, are_negative = reference.positives(labels), reference.negatives(labels)
    anchors = (are_positive.any(dim=1) & are_negative.any(dim=1)).nonzero(as_tuple=True)[0]
    return anchors, are_positive[anchors], are_negative[anchors]


def distances(rows: "torch.Tensor", others: "torch.Tensor") -> "torch.Tensor":
    """Give Euclidean distances (A, R), without the matrix product that makes near ones inexact."""
    import torch

    rows, others = rows.detach(), others.detach()
    return torch.cdist(rows, others, compute_mode="donot_use_mm_for_euclid_dist")


def at_random(allowed: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
    """Draw one allowed column of each row of (A, R) bool, all with the same probability, (A,) int64."""
    import torch

    # Drawn where the generator is, so that a processor and an accelerator choose alike.
    draws = torch.rand(allowed.shape, generator=generator, device=generator.device).to(allowed.device)
    return draws.masked_fill(~allowed, -1.0).argmax(dim=1)


def nearest(away: "torch.Tensor", allowed: "torch.Tensor") -> "torch.Tensor":
    """Give the allowed column of each row at the smallest distance `away` (A, R), (A,) int64."""
    return away.masked_fill(~allowed, float("inf")).argmin(dim=1)


def farthest(away: "torch.Tensor", allowed: "torch.Tensor") -> "torch.Tensor":
    """Give the allowed column of each row at the largest distance `away` (A, R), (A,) int64."""
    return away.masked_fill(~allowed, -1.0).argmax(dim=1)
