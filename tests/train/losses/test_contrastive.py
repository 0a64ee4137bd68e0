"""The contrastive loss by hand, on both distances."""

import pytest
import torch

from train.losses import contrastive
from train.reference import Reference


def cost(rows, labels, **settings):
    loss = contrastive.build(contrastive.Config(**settings), num_classes=2, dim=2, class_sizes=[2, 1])
    rows, labels = torch.tensor(rows, dtype=torch.float64), torch.tensor(labels)
    return loss(rows, labels, Reference(rows, labels), None).item()


def test_euclidean_by_hand_with_lengths_of_no_account():
    # At length one (1, 0), (0, 1), (.6, .8); classes a a b.
    # a-a: sqrt 2 = 1.4142 both ways. Negatives: |(.4, -.8)| = .8944 -> .1056; |(-.6, .2)| = .6325 -> .3675.
    expected = 1.41421356 + (0.10557281 + 0.36754447) / 2
    assert cost([[1, 0], [0, 2], [6, 8]], [0, 0, 1]) == pytest.approx(expected)


def test_mean_is_over_the_pairs_that_cost_something():
    # a-a .8944 apart; the second negative is sqrt 2 away, further than the margin, so .6325 alone counts.
    assert cost([[1, 0], [0.6, 0.8], [0, 1]], [0, 0, 1]) == pytest.approx(0.89442719 + 1 - 0.63245553)


def test_cosine_margin_of_the_thesis_pushes_cosines_above_six_tenths():
    # Distances 1 - cosine: a-a 1 - 0 = 1; negatives .6 -> .4 away costs nothing, .8 -> .2 away costs .4 - .2.
    rows = [[1, 0], [0, 1], [0.6, 0.8]]
    assert cost(rows, [0, 0, 1], distance="cosine", negative_margin=0.4) == pytest.approx(1.0 + 0.2)


def test_positive_margin_is_free():
    rows = [[1, 0], [0, 1], [-1, 0]]
    # a-a costs 1 - .25; the negatives are 2 and 1 away.
    found = cost(rows, [0, 0, 1], distance="cosine", positive_margin=0.25, negative_margin=1.0)
    assert found == pytest.approx(0.75)


def test_a_single_negative_pair_counts():
    loss = contrastive.build(contrastive.Config(), num_classes=2, dim=2, class_sizes=[1, 1])
    row = torch.tensor([[1.0, 0.0]])
    reference = Reference(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([0, 1]))
    assert loss(row, torch.tensor([0]), reference, None).item() == pytest.approx(1 - 0.89442719)
