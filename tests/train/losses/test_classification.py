"""Classification by hand."""

import math

import pytest
import torch

from train.losses import classification
from train.reference import Reference


def test_cross_entropy_of_a_linear_layer_over_embeddings_as_they_are():
    loss = classification.build(classification.Config(), num_classes=3, dim=2, class_sizes=[1, 1, 0])
    assert {name: tuple(value.shape) for name, value in loss.state_dict().items()} == {
        "layer.weight": (3, 2),
        "layer.bias": (3,),
    }
    with torch.no_grad():
        loss.layer.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
        loss.layer.bias.copy_(torch.tensor([0.0, 0.5, -1.0]))
    # (2, 0) of class 0: outputs 2, .5, 1. (0, 3) of class 1: 0, 3.5, 2.
    rows, labels = torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 1])
    expected = (
        math.log(math.exp(2) + math.exp(0.5) + math.exp(1)) - 2
        + math.log(1 + math.exp(3.5) + math.exp(2)) - 3.5
    ) / 2  # fmt: skip
    assert loss(rows, labels, Reference(rows, labels), None).item() == pytest.approx(expected)
