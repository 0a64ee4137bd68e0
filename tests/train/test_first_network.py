import pytest
import torch

from train.first_network import FirstNetwork
from train.network import EmbeddingNetwork
from train.settings import Network

SETTINGS = Network(backbone="test_efficientnet", pretrained=False)


@pytest.fixture
def network():
    return EmbeddingNetwork.build(SETTINGS, 0).train()


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8, generator=generator)


def test_distance_is_one_minus_the_cosine_times_the_weight(network, pictures):
    first = FirstNetwork(network, 4.0)
    pooled = first.pool(pictures)
    assert first.distance(pooled, pooled).item() == pytest.approx(0.0, abs=1e-6)
    assert first.distance(3.0 * pooled, pooled).item() == pytest.approx(0.0, abs=1e-6)
    # One of three looks the other way: its cosine is -1, its distance 2; 4 * 2 / 3.
    turned = pooled * torch.tensor([[1.0], [-1.0], [1.0]])
    assert first.distance(turned, pooled).item() == pytest.approx(8 / 3, rel=1e-6)


def test_it_stays_while_the_network_moves_and_gradients_flow_into_the_network_alone(network, pictures):
    first = FirstNetwork(network, 1.0)
    before = first.pool(pictures)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05)
    distance = first.distance(network(pictures), first.pool(pictures))
    distance.backward()
    assert distance.item() > 1e-3
    assert torch.equal(first.pool(pictures), before)
    assert any(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
