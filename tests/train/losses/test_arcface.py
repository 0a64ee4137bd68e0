"""ArcFace by hand: margin, the far side, sub-centres, dynamic margins."""

import itertools
import math

import pytest
import torch

from train.losses import arcface
from train.reference import Reference


def build(centres, sizes, **settings):
    config = arcface.Config(**settings)
    loss = arcface.build(config, num_classes=len(sizes), dim=2, class_sizes=sizes).double()
    assert loss.centres.shape == (len(sizes) * config.sub_centres, 2)
    with torch.no_grad():
        # Lengths must not matter.
        angles = torch.tensor(centres, dtype=torch.float64)
        loss.centres.copy_(3 * torch.stack([angles.cos(), angles.sin()], dim=1))
    return loss


def cost(loss, angle, label):
    row = 5 * torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64)
    labels = torch.tensor([label])
    return loss(row, labels, Reference(row, labels), None).item()


def cross_entropy(own, *others):
    return math.log1p(sum(math.exp(other - own) for other in others))


def test_the_own_angle_is_widened_and_the_others_are_not():
    # Centres at 0 and 1.5; a row at .4 of class 0 is .4 and 1.1 away.
    loss = build([0.0, 1.5], [3, 3], margin=0.2, scale=24.0)
    expected = cross_entropy(24 * math.cos(0.6), 24 * math.cos(1.1))
    assert cost(loss, 0.4, 0) == pytest.approx(expected)
    # Without a margin it is the normalised softmax.
    loss = build([0.0, 1.5], [3, 3], margin=0.0, scale=24.0)
    assert cost(loss, 0.4, 0) == pytest.approx(cross_entropy(24 * math.cos(0.4), 24 * math.cos(1.1)))


def test_past_the_far_side_the_cost_still_rises_with_the_angle():
    m = 0.5
    loss = build([0.0, 1.0], [1, 1], margin=m, scale=4.0)
    # cos(theta + m) would turn at pi - .5 = 2.64; from there it is cos(theta) - m sin m.
    beyond = math.cos(2.9) - m * math.sin(m)
    assert cost(loss, 2.9, 0) == pytest.approx(cross_entropy(4 * beyond, 4 * math.cos(1.9)))
    alone = build([0.0, -0.5 * math.pi], [1, 1], margin=m, scale=4.0)
    own = [
        # The other class is taken out of the comparison again.
        math.log(math.expm1(cost(alone, angle, 0))) - 4 * math.cos(angle + 0.5 * math.pi)
        for angle in (0.1 * step for step in range(1, 32))
    ]
    assert all(later > earlier for earlier, later in itertools.pairwise(own))


def test_the_nearest_sub_centre_counts():
    # Class 0 at 0 and 2, class 1 at 1 and 3.
    loss = build([0.0, 2.0, 1.0, 3.0], [2, 2], sub_centres=2, margin=0.2, scale=10.0)
    # 1.9: .1 from class 0, .9 and 1.1 from class 1.
    assert cost(loss, 1.9, 0) == pytest.approx(cross_entropy(10 * math.cos(0.3), 10 * math.cos(0.9)))
    assert cost(loss, 1.9, 1) == pytest.approx(cross_entropy(10 * math.cos(1.1), 10 * math.cos(0.1)))


def test_dynamic_margins_are_wide_for_rare_classes():
    # .5 * n ** -.25 + .05: 1 -> .55, 16 -> .3, 10,000 -> .1; a class without photographs is as one with one.
    config = arcface.Config(dynamic=True)
    assert arcface.margins(config, [1, 16, 10_000, 0]) == pytest.approx([0.55, 0.3, 0.1, 0.55])
    loss = build([0.0, 1.5], [16, 10_000], dynamic=True, scale=24.0)
    assert cost(loss, 0.4, 0) == pytest.approx(
        cross_entropy(24 * math.cos(0.7), 24 * math.cos(1.1)), rel=1e-5
    )
    assert cost(loss, 1.1, 1) == pytest.approx(
        cross_entropy(24 * math.cos(0.5), 24 * math.cos(1.1)), rel=1e-5
    )


def test_a_class_without_photographs_is_pushed_away_only():
    loss = build([0.0, 1.5, 0.2], [3, 3, 0])
    row = torch.tensor([[1.0, 0.3], [0.2, 1.0]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    loss(row, labels, Reference(row, labels), None).backward()
    assert loss.centres.grad.isfinite().all()
    # Down the gradient the empty class's centre turns away from the first row, below it.
    assert loss.centres.grad[2] @ row[0] > 0


def test_an_embedding_on_its_centre_has_a_finite_gradient():
    loss = build([0.0, 1.5], [3, 3], margin=0.3)
    for row in ([[4.0, 0.0]], [[-4.0, 0.0]]):
        rows = torch.tensor(row, dtype=torch.float64, requires_grad=True)
        loss(rows, torch.tensor([0]), Reference(rows, torch.tensor([0])), None).backward()
        assert rows.grad.isfinite().all()


def test_sizes_must_be_of_as_many_classes():
    with pytest.raises(ValueError, match="expected the sizes of 3 classes, got 2"):
        arcface.build(arcface.Config(), num_classes=3, dim=2, class_sizes=[1, 2])
