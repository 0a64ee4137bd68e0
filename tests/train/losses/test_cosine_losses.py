"""SupCon, NT-Xent, circle and multi-similarity against their formulas, pair by pair in plain Python."""

import importlib
import math
from decimal import Decimal

import pytest
import torch

from train.mined import Mined
from train.reference import Reference

LABELS = [0, 0, 1, 1, 0, 2]
# Rows, then what is remembered.
REFERENCE_LABELS = [*LABELS, 1, 2, 0]
ANGLES = [0.0, 0.3, 0.9, 1.4, 2.0, 2.6, 1.1, 2.5, -0.4]


def vectors(angles):
    # Lengths differ and must not matter.
    return torch.tensor(
        [[(1 + k) * math.cos(a), (1 + k) * math.sin(a)] for k, a in enumerate(angles)], dtype=torch.float64
    )


def cost(name, mined=None, **settings):
    plugin = importlib.import_module(f"train.losses.{name}")
    loss = plugin.build(plugin.Config(**settings), num_classes=3, dim=2, class_sizes=[3, 2, 1])
    everything = vectors(ANGLES)
    rows = everything[: len(LABELS)]
    reference = Reference(everything, torch.tensor(REFERENCE_LABELS))
    return loss(rows, torch.tensor(LABELS), reference, mined).item()


def rows():
    """The cosines of each row to its positives and to its negatives."""
    for row, label in enumerate(LABELS):
        cosines = [math.cos(ANGLES[row] - angle) for angle in ANGLES]
        others = [place for place in range(len(ANGLES)) if place != row]
        yield (
            [cosines[place] for place in others if REFERENCE_LABELS[place] == label],
            [cosines[place] for place in others if REFERENCE_LABELS[place] != label],
        )


def mean(costs):
    return sum(costs) / len(costs)


def test_supcon():
    t = 0.1
    costs = []
    for positives, negatives in rows():
        below = sum(math.exp(s / t) for s in positives + negatives)
        costs.append(mean([-math.log(math.exp(s / t) / below) for s in positives]))
    assert cost("supcon") == pytest.approx(mean(costs))


def test_ntxent():
    t = 0.5
    costs = []
    for positives, negatives in rows():
        against = sum(math.exp(s / t) for s in negatives)
        costs += [-math.log(math.exp(s / t) / (math.exp(s / t) + against)) for s in positives]
    assert cost("ntxent") == pytest.approx(mean(costs))


def test_ntxent_equals_the_one_of_pytorch_metric_learning():
    from pytorch_metric_learning.losses import NTXentLoss

    everything, labels = vectors(ANGLES), torch.tensor(LABELS)
    pairs = [
        (row, place, label == other)
        for row, label in enumerate(LABELS)
        for place, other in enumerate(REFERENCE_LABELS)
        if place != row
    ]
    indices = [
        torch.tensor([pair[end] for pair in pairs if pair[2] == same])
        for same in (True, False)
        for end in (0, 1)
    ]
    expected = NTXentLoss(0.5)(
        everything[:6], labels, tuple(indices), everything, torch.tensor(REFERENCE_LABELS)
    )
    assert cost("ntxent") == pytest.approx(expected.item())


@pytest.mark.parametrize(("m", "g"), [(0.4, 80.0), (0.25, 256.0)])
def test_circle(m, g):
    costs = []
    for positives, negatives in rows():
        # As decimals: exp(256 * 5) is beyond a float.
        pull = sum(Decimal(-g * max(0, 1 + m - s) * (s - (1 - m))).exp() for s in positives)
        push = sum(Decimal(g * max(0, s + m) * (s - m)).exp() for s in negatives)
        costs.append(float((1 + pull * push).ln()))
    assert min(costs) > 0
    assert cost("circle", margin=m, scale=g) == pytest.approx(mean(costs))


def test_weights_of_circle_carry_no_gradient():
    from train.losses import circle

    # One row at angle 0 with a positive of cosine s and a negative of cosine u: with x the exponent,
    # d/ds = sigmoid(x) * -g (1 + m - s), without the term of the weight's own slope.
    m, g, s, u = 0.4, 1.0, 0.6, -0.28
    row = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    past = torch.tensor([[s, 0.8], [u, 0.96]], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 0, 1])
    loss = circle.build(circle.Config(m, g), num_classes=2, dim=2, class_sizes=[1, 1])
    mined = Mined(torch.tensor([0]), torch.tensor([1]), torch.tensor([2]))
    loss(row, labels[:1], Reference(torch.cat([row, past]), labels), mined).backward()
    x = -g * (1 + m - s) * (s - 1 + m) + g * (u + m) * (u - m)
    slope = -g * (1 + m - s) / (1 + math.exp(-x))
    # Along the sphere: d cosine / d (x, y) of the positive at (.6, .8) is (.64, -.48).
    assert past.grad[0].tolist() == pytest.approx([slope * 0.64, slope * -0.48])


def test_multi_similarity():
    a, b, level = 2.0, 50.0, 0.5
    costs = [
        math.log1p(sum(math.exp(-a * (s - level)) for s in positives)) / a
        + math.log1p(sum(math.exp(b * (s - level)) for s in negatives)) / b
        for positives, negatives in rows()
    ]
    assert cost("multi_similarity") == pytest.approx(mean(costs))


def test_mined_pairs_count_once_and_alone():
    # Row 0 with positives 1 and 8, its one negative 2 named twice.
    mined = Mined(torch.tensor([0, 0]), torch.tensor([1, 8]), torch.tensor([2, 2]))
    near, far, other = math.cos(0.3), math.cos(0.4), math.cos(0.9)
    costs = [math.log1p(math.exp((other - s) / 0.5)) for s in (near, far)]
    assert cost("ntxent", mined) == pytest.approx(mean(costs))
    below = sum(math.exp(s / 0.1) for s in (near, far, other))
    assert cost("supcon", mined) == pytest.approx(
        mean([-math.log(math.exp(s / 0.1) / below) for s in (near, far)])
    )
