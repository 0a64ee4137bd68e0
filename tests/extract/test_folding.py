import copy

import numpy as np
import pytest
import torch
from torch import nn

from extract.folding import fold_batch_norm
from extract.torchvision_guard import ensure_importable


def randomised(model, seed=0):
    """Give batch normalisations statistics as if they were trained: far from 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values, low, high in (
                (module.weight.data, 0.5, 1.5),
                (module.bias.data, -0.5, 0.5),
                (module.running_mean, -0.5, 0.5),
                (module.running_var, 0.5, 2.0),
            ):
                values.uniform_(low, high, generator=generator)
    return model.eval()


def num_batch_norms(model):
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def outputs(model, shape=(2, 3, 80, 96)):
    with torch.inference_mode():
        return model(torch.randn(shape, generator=torch.Generator().manual_seed(1))).numpy()


class TwoPaths(nn.Module):
    """Uses its second normalisation ahead of its first: the order of registration is not that of use."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.late = nn.BatchNorm2d(8)
        self.middle = nn.Conv2d(8, 8, 3)
        self.early = nn.BatchNorm2d(8)

    def forward(self, batch):
        return self.late(self.middle(torch.relu(self.early(self.conv(batch)))))


class Doubled(nn.Module):
    """Reads what lies between a convolution and its normalisation as well."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, batch):
        between = self.conv(batch)
        return self.norm(between) + between


@pytest.mark.parametrize("bias", [True, False])
def test_pair_is_folded_into_one_convolution(bias):
    model = randomised(nn.Sequential(nn.Conv2d(3, 8, 3, bias=bias), nn.BatchNorm2d(8), nn.ReLU()))
    folded = fold_batch_norm(model)
    assert num_batch_norms(folded) == 0
    np.testing.assert_allclose(outputs(folded), outputs(model), atol=1e-5)


def test_model_itself_is_left_as_it_was():
    model = randomised(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)))
    before = copy.deepcopy(model.state_dict())
    assert fold_batch_norm(model) is not model
    assert num_batch_norms(model) == 1
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("model", [TwoPaths(), Doubled()], ids=lambda model: type(model).__name__)
def test_layers_that_are_no_pair_are_left_unfolded(model):
    model = randomised(model)
    assert fold_batch_norm(model) is model


def test_model_without_batch_normalisation_is_given_back():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8))
    assert fold_batch_norm(model) is model


def test_normalisation_ahead_of_its_convolution_is_kept():
    model = randomised(nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3)))
    assert fold_batch_norm(model) is model


def test_normalisation_of_another_number_of_channels_is_kept():
    class Split(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)
            self.norm = nn.BatchNorm2d(4)

        def forward(self, batch):
            return self.norm(self.conv(batch)[:, :4])

    model = randomised(Split())
    assert fold_batch_norm(model) is model


def test_network_of_one_size_is_tried_at_that_size():
    model = randomised(
        nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 32 * 32, 5))
    )
    folded = fold_batch_norm(model, trial_side_px=32)
    assert num_batch_norms(folded) == 0
    np.testing.assert_allclose(outputs(folded, (1, 3, 32, 32)), outputs(model, (1, 3, 32, 32)), atol=1e-4)


# Seen: every one within 3e-6 of the largest value.
@pytest.mark.parametrize(
    ("name", "num_left"),
    [
        ("tf_efficientnet_lite0", 0),
        ("resnet18", 0),
        ("mobilenetv3_small_100", 0),
        # a dense layer normalises what it concatenates, ahead of its first convolution
        ("densenet121", 62),
    ],
)
def test_network_gives_the_same_numbers_folded(name, num_left):
    ensure_importable()
    import timm

    model = randomised(timm.create_model(name, num_classes=0))
    folded = fold_batch_norm(model)
    assert num_batch_norms(folded) == num_left
    expected = outputs(model)
    np.testing.assert_allclose(outputs(folded), expected, atol=2e-5 * np.abs(expected).max())
