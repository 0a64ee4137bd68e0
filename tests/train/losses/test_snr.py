"""The signal-to-noise distance by hand."""

import statistics

import pytest
import torch

from train.losses import snr
from train.reference import Reference


def test_by_hand_with_the_anchor_below():
    # At length one: a (.6, .8, 0), b (0, .6, .8), c (1, 0, 0); classes a b | c.
    rows = [[3.0, 4.0, 0.0], [0.0, 0.6, 0.8], [2.0, 0.0, 0.0]]
    unit = [[0.6, 0.8, 0.0], [0.0, 0.6, 0.8], [1.0, 0.0, 0.0]]

    def distance(anchor, other):
        difference = [x - y for x, y in zip(unit[anchor], unit[other], strict=True)]
        return statistics.variance(difference) / statistics.variance(unit[anchor])

    assert distance(0, 2) != pytest.approx(distance(2, 0))
    # var(a - b) = var(.6, .2, -.8) = .52 and var(a) = .17333: d = 3
    assert distance(0, 1) == pytest.approx(3.0)
    positive = (distance(0, 1) + distance(1, 0)) / 2
    negatives = [4.0 - distance(anchor, other) for anchor, other in ((0, 2), (1, 2), (2, 0), (2, 1))]
    kept = [cost for cost in negatives if cost > 0]
    loss = snr.build(snr.Config(negative_margin=4.0), num_classes=2, dim=3, class_sizes=[2, 1])
    vectors, labels = torch.tensor(rows, dtype=torch.float64), torch.tensor([0, 0, 1])
    found = loss(vectors, labels, Reference(vectors, labels), None).item()
    assert found == pytest.approx(positive + sum(kept) / len(kept))


def test_distance_equals_the_one_of_pytorch_metric_learning():
    from pytorch_metric_learning.distances import SNRDistance

    from train.losses._signal_to_noise import SignalToNoise

    rows, others = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(SignalToNoise()(rows, others), SNRDistance()(rows, others))
    # Equal rows are no distance apart, and never less.
    assert SignalToNoise()(rows, rows).diagonal().tolist() == pytest.approx([0.0] * 5, abs=1e-5)
    assert SignalToNoise()(rows, rows).min() >= 0
