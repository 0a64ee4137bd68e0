import pytest
import torch
from torch import nn

from train import optimiser
from train.settings import Optimiser


def parts():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), nn.Linear(4, 2)


def test_norms_and_biases_do_not_decay_and_a_loss_learns_faster():
    network, criterion = parts()
    network[0].bias.requires_grad_(False)
    built = optimiser.build(network, criterion, Optimiser(rate=0.01, loss_rate=10.0, weight_decay=0.3))
    given = [(group["params"], group["weight_decay"], group["lr"]) for group in built.param_groups]
    expected = [
        ([network[0].weight], 0.3, 0.01),
        ([network[1].weight, network[1].bias], 0.0, 0.01),
        ([criterion.weight], 0.3, 0.1),
        ([criterion.bias], 0.0, 0.1),
    ]
    assert [([id(p) for p in group], *rest) for group, *rest in given] == [
        ([id(p) for p in group], decay, pytest.approx(rate)) for group, decay, rate in expected
    ]


def test_rates_are_the_base_rates_times_the_factor():
    built = optimiser.build(*parts(), Optimiser(rate=0.01, loss_rate=10.0))
    for factor in (0.5, 0.25):
        optimiser.set_rates(built, factor)
    assert [group["lr"] for group in built.param_groups] == pytest.approx([0.0025, 0.0025, 0.025, 0.025])


@pytest.mark.parametrize("kind", ["adamw", "adam", "sgd"])
def test_momentum_that_lies_otherwise_in_memory_goes_to_its_own_weights(kind):
    picture = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))

    def steps(network, built, count):
        for _ in range(count):
            built.zero_grad()
            network(picture).square().sum().backward()
            built.step()

    def make():
        torch.manual_seed(0)
        network = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
        return network, optimiser.build(network, nn.Identity(), Optimiser(kind=kind))

    whole, built = make()
    steps(whole, built, 4)
    first, built = make()
    steps(first, built, 2)
    state = built.state_dict()
    for values in state["state"].values():
        for name, value in values.items():
            values[name] = value.contiguous()
    second, other = make()
    second.load_state_dict(first.state_dict())
    optimiser.load_state(other, state)
    steps(second, other, 2)
    assert torch.equal(second.weight, whole.weight)
