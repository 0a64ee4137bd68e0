"""Every loss: gradients, memory, mined triplets, batches that lack something, and the plug-in's contract."""

import math

import numpy as np
import pytest
import torch

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from train.mined import Mined
from train.recipe import LOSSES
from train.reference import Reference

NAMES = plugins.names(LOSSES)
PAIRS = [name for name in NAMES if plugins.load(LOSSES, name).NEEDS_PAIRS]
# Margins wide enough that every pair costs something.
WIDE = {"contrastive": {"negative_margin": 2.0}, "triplet": {"margin": 3.0}, "snr": {"negative_margin": 99.0}}
# One class twice, one three times, one once.
LABELS = torch.tensor([0, 0, 1, 1, 1, 2])


def build(name, dim=4, **settings):
    plugin = plugins.load(LOSSES, name)
    torch.manual_seed(0)
    config = configs.from_plain(plugin.Config, settings, name)
    return plugin.build(config, num_classes=3, dim=dim, class_sizes=[2, 3, 1])


def embeddings(rows=6, dim=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, dim, generator=generator, dtype=torch.float64)


def test_the_losses_that_ship():
    assert NAMES == [
        "arcface", "circle", "classification", "contrastive", "multi-similarity", "ntxent", "snr", "supcon",
        "triplet",
    ]  # fmt: skip
    assert set(NAMES) - set(PAIRS) == {"arcface", "classification"}


# Circle's weights carry no gradient by its definition, so that differences cannot agree: see its own test.
@pytest.mark.parametrize("name", sorted({*NAMES} - {"circle"}))
def test_gradient_equals_finite_differences(name):
    loss = build(name, **WIDE.get(name, {})).double()
    past, labels = embeddings(5, seed=1), torch.cat([LABELS, torch.tensor([2, 0, 1, 1, 2])])

    def cost(rows):
        return loss(rows, LABELS, Reference(torch.cat([rows, past]), labels), None)

    assert torch.autograd.gradcheck(cost, embeddings().requires_grad_(), atol=1e-6)
    for parameter in loss.parameters():
        parameter.grad = None
        cost(embeddings()).backward()
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("name", PAIRS)
def test_order_of_the_reference_behind_the_batch_does_not_matter(name):
    loss, rows, past = build(name), embeddings(), embeddings(5, seed=1)
    labels = torch.tensor([2, 0, 1, 1, 2])
    turned = [4, 2, 0, 1, 3]
    costs = [
        loss(rows, LABELS, Reference(torch.cat([rows, past[p]]), torch.cat([LABELS, labels[p]])), None)
        for p in (slice(None), turned)
    ]
    assert costs[0].item() == pytest.approx(costs[1].item(), rel=1e-9)
    # And what is remembered counts.
    assert costs[0].item() != pytest.approx(loss(rows, LABELS, Reference(rows, LABELS), None).item())


@pytest.mark.parametrize("name", PAIRS)
def test_mined_triplets_alone_count(name):
    """Rows that no triplet names get no gradient; the loss is that of a batch of the rows named."""
    loss, rows = build(name, **WIDE.get(name, {})), embeddings().requires_grad_()
    mined = Mined(torch.tensor([0]), torch.tensor([1]), torch.tensor([3]))
    cost = loss(rows, LABELS, Reference(rows, LABELS), mined)
    cost.backward()
    named = rows.grad.abs().sum(dim=1) > 0
    assert named.tolist() == [True, True, False, True, False, False]
    # The same triplet, and another: the mean of rows or pairs that cost alike is what each costs.
    again = torch.cat([rows.detach(), rows.detach()])
    labels = torch.cat([LABELS, LABELS])
    twice = Mined(torch.tensor([0, 6]), torch.tensor([1, 7]), torch.tensor([3, 9]))
    expected = loss(again, labels, Reference(again, labels), twice).item()
    assert cost.item() > 0
    assert cost.item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4, 5], [0] * 6], ids=["no positives", "no negatives"])
def test_a_batch_that_lacks_something_gives_a_finite_loss_and_gradient(name, labels):
    labels, rows = torch.tensor(labels), embeddings().requires_grad_()
    cost = build(name)(rows, labels, Reference(rows, labels), None)
    cost.backward()
    assert math.isfinite(cost.item())
    assert rows.grad.isfinite().all()


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_mined_costs_nothing(name):
    rows, none = embeddings().requires_grad_(), torch.zeros(0, dtype=torch.int64)
    cost = build(name)(rows, LABELS, Reference(rows, LABELS), Mined(none, none, none))
    cost.backward()
    assert cost.item() == 0
    assert not rows.grad.any()


@pytest.mark.parametrize("name", NAMES)
def test_equal_embeddings_of_a_class_have_a_finite_gradient(name):
    rows = embeddings(dim=4)[LABELS].clone().requires_grad_()
    loss = build(name)
    cost = loss.double()(rows, LABELS, Reference(rows, LABELS), None)
    cost.backward()
    assert math.isfinite(cost.item())
    assert rows.grad.isfinite().all()


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("contrastive", {"negative_margin": 2.5}, "negative_margin 2.5"),
        ("contrastive", {"positive_margin": 1.0}, "positive_margin 1.0"),
        ("triplet", {"margin": 0.0}, "loss.triplet.margin must be above 0, got 0.0"),
        ("supcon", {"temperature": 0.0}, "loss.supcon.temperature must be above 0"),
        ("ntxent", {"temperature": -1.0}, "loss.ntxent.temperature must be above 0"),
        ("snr", {"positive_margin": -1.0}, "loss.snr margins must rise from 0"),
        ("circle", {"margin": 1.0}, "loss.circle.margin must lie between 0 and 1"),
        ("multi-similarity", {"negative_scale": 0.0}, "must be above 0"),
        ("multi-similarity", {"threshold": 1.5}, "threshold must be between -1 and 1"),
        ("arcface", {"margin": 1.6}, "below a right angle"),
        ("arcface", {"dynamic": True, "dynamic_factor": 1.5, "dynamic_floor": 0.1}, "got 1.6 at the most"),
        ("arcface", {"sub_centres": 0}, "sub_centres at least 1"),
    ],
)
def test_a_setting_out_of_range_is_refused(name, settings, said):
    with pytest.raises(ConfigError, match=said):
        plugins.load(LOSSES, name).Config(**settings)


def test_no_loss_changes_its_inputs():
    for name in NAMES:
        rows = embeddings()
        before = rows.clone()
        mined = Mined(torch.tensor([0]), torch.tensor([1]), torch.tensor([3]))
        build(name).double()(rows, LABELS, Reference(rows, LABELS), mined)
        np.testing.assert_array_equal(rows, before)


def test_settings_are_read_without_torch(run_python):
    done = run_python(
        "import sys\n"
        "from extract import plugins\n"
        "for package in ('train.losses', 'train.miners'):\n"
        "    for name in plugins.names(package):\n"
        "        plugins.load(package, name).Config()\n"
        "print('torch' in sys.modules, 'pytorch_metric_learning' in sys.modules)\n"
    )
    assert done.stdout == "False False\n", done.stderr
