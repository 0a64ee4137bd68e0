"""The triplet loss by hand."""

import pytest
import torch

from train.losses import triplet
from train.mined import Mined
from train.reference import Reference

# On a line: a at 0 and 1, b at 1.5; a-anchored triplets cost 1 - 1.5 + m and 1 - .5 + m.
ROWS, LABELS = torch.tensor([[0.0], [1.0], [1.5]]), torch.tensor([0, 0, 1])


def cost(mined=None, past=(), past_labels=(), **settings):
    loss = triplet.build(triplet.Config(**settings), num_classes=2, dim=1, class_sizes=[2, 1])
    vectors = torch.cat([ROWS, torch.tensor(past).reshape(-1, 1)])
    labels = torch.cat([LABELS, torch.tensor(past_labels, dtype=torch.int64)])
    return loss(ROWS, LABELS, Reference(vectors, labels), mined).item()


def test_all_triplets_that_cost_something_are_averaged():
    assert cost(margin=0.1, normalise=False) == pytest.approx(0.6)
    assert cost(margin=0.7, normalise=False) == pytest.approx((0.2 + 1.2) / 2)


def test_remembered_rows_are_positives_and_negatives():
    # b at 1.5 gets a positive at 3 (1.5 away): its negatives are 1.5 and .5 away -> .1 and 1.1;
    # 3 is a negative of 0 and 1 too: 1 - 3 + .1 and 1 - 2 + .1 cost nothing. With .6 from the batch:
    assert cost(past=[3.0], past_labels=[1], margin=0.1, normalise=False) == pytest.approx(
        (0.6 + 0.1 + 1.1) / 3
    )


def test_at_length_one_all_rows_of_one_side_are_the_same_point():
    rows, labels = torch.tensor([[1.0, 0.0], [7.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0, 1])
    loss = triplet.build(triplet.Config(margin=1.5), num_classes=2, dim=2, class_sizes=[2, 1])
    # d(a, p) = 0 and d(a, n) = sqrt 2
    assert loss(rows, labels, Reference(rows, labels), None).item() == pytest.approx(1.5 - 2**0.5, abs=1e-6)


def test_mined_triplets():
    mined = Mined(torch.tensor([0]), torch.tensor([1]), torch.tensor([2]))
    assert cost(mined, margin=0.7, normalise=False) == pytest.approx(0.2)


def test_all_triplets_equal_the_loss_of_pytorch_metric_learning():
    from pytorch_metric_learning.losses import TripletMarginLoss

    rows = torch.randn(12, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(12) % 5
    loss = triplet.build(triplet.Config(), num_classes=5, dim=5, class_sizes=[3, 3, 2, 2, 2])
    found = loss(rows, labels, Reference(rows, labels), None)
    torch.testing.assert_close(found, TripletMarginLoss(0.05)(rows, labels))
