"""Tuned layers: what a training changed goes over the weights that it began with, and over no others."""

import functools
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from extract import timm_backbone, tuned_layers, weight_files
from extract.config import FileRef
from extract.errors import WeightsError

NAME = "test_resnet"
CHANGED = ["bn1.running_var", "layer4.0.downsample.1.weight"]


@pytest.fixture
def base(weights_of):
    return weights_of(NAME)


@functools.cache
def own_state(weights):
    return timm_backbone.trainable(NAME, weights).module.model.state_dict()


def trained(weights):
    """Give the state of the network before a training, and behind one that changed two tensors."""
    before = own_state(weights)
    behind = {name: value.clone() for name, value in before.items()}
    for name in CHANGED:
        behind[name] *= 1.3
    return before, behind


@pytest.fixture
def file(base, tmp_path):
    before, behind = trained(base)
    path = tmp_path / "tuned"
    tuned_layers.write(path, tuned_layers.difference(before, behind), base.sha256, {"run": "first"})
    return FileRef(str(path), weight_files.sha256_of(path))


def maps(backbone):
    batch = torch.randn((1, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return backbone.maps(batch)[0]


def test_only_what_changed_is_in_the_difference(base):
    before, behind = trained(base)
    counted = next(name for name in before if name.endswith("num_batches_tracked"))
    behind[counted] = before[counted] + 7
    assert sorted(tuned_layers.difference(before, behind)) == CHANGED
    assert tuned_layers.difference(before, before) == {}


def test_states_of_two_networks_have_no_difference(base):
    before, behind = trained(base)
    del behind[CHANGED[0]]
    with pytest.raises(ValueError, match="of two networks"):
        tuned_layers.difference(before, behind)


def test_layers_are_kept_as_halves_with_a_note(file, base):
    assert {name: value.dtype for name, value in load_file(file.path).items()} == dict.fromkeys(
        CHANGED, torch.float16
    )
    _, behind = trained(base)
    for name, value in tuned_layers.read(file.path, base.sha256).items():
        assert value.dtype == torch.float32
        assert torch.equal(value, behind[name].half().float())


def test_what_halves_cannot_hold_stays_whole(tmp_path):
    large = {"a": torch.tensor([1e6, 1.0])}
    tuned_layers.write(tmp_path / "t", large, "0", {})
    assert torch.equal(tuned_layers.read(tmp_path / "t", "0")["a"], large["a"])


def test_they_go_over_the_weights_ahead_of_folding(file, base, tmp_path):
    _, behind = trained(base)
    save_file({name: value.contiguous() for name, value in behind.items()}, tmp_path / "whole")
    whole = FileRef(str(tmp_path / "whole"), weight_files.sha256_of(tmp_path / "whole"))
    got, expected, plain = (
        maps(timm_backbone.load(NAME, *files)) for files in ((base, file), (whole,), (base,))
    )
    # halves round by one in 2048
    largest = expected.abs().max()
    torch.testing.assert_close(got, expected, rtol=0, atol=2e-3 * float(largest))
    assert (plain - expected).abs().max() > 0.02 * largest


def test_other_weights_are_refused(file, weights_of):
    with pytest.raises(
        WeightsError, match=r"belong to the weights \w{12}, the recipe has \w{12}; take those with"
    ):
        timm_backbone.load("resnet18", weights_of("resnet18"), file)


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ({"strange.weight": torch.ones(2)}, r"does not fit .* 1 of its tensors .*'strange\.weight'"),
        ({CHANGED[1]: torch.ones(2)}, r"does not fit .* 1 of its tensors are unknown or have another shape"),
        ({CHANGED[1]: torch.tensor([torch.nan])}, "holds NaN or infinity"),
    ],
)
def test_layers_that_do_not_fit_are_refused(base, tmp_path, layers, sentence):
    path = tmp_path / "t"
    tuned_layers.write(path, layers, base.sha256, {})
    with pytest.raises(WeightsError, match=sentence):
        timm_backbone.load(NAME, base, FileRef(str(path), weight_files.sha256_of(path)))


def test_a_file_that_was_altered_is_refused(file, base):
    with pytest.raises(WeightsError, match="is not the file that the recipe names"):
        timm_backbone.load(NAME, base, FileRef(file.path, "0" * 64))


@pytest.mark.parametrize("note", [{}, {"tuned-layers": "{"}, {"tuned-layers": json.dumps({"base": "0"})}])
def test_other_files_are_refused(tmp_path, note):
    save_file({"a": torch.ones(1)}, tmp_path / "t", note)
    with pytest.raises(
        WeightsError, match=r"t' is no file of tuned layers \(.*; `retrieve train` writes one$"
    ):
        tuned_layers.read(tmp_path / "t", "0")
