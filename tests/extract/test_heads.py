"""Heads: their layers, and files that say what they take and give."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from extract import heads
from extract.errors import ConfigError, WeightsError

# Linear(6, 2d), BatchNorm with two numbers a channel, Linear(2d, d) at d = 4: 56 + 16 + 36;
# Linear(6, 512), Linear(512, 256), Linear(256, 4): 3584 + 131328 + 1028; Linear(6, 4): 28
NUM_PARAMETERS = {"none": 0, "linear": 28, "mlp": 108, "three-linear": 135_940}
WITH_WEIGHTS = ["linear", "mlp", "three-linear"]


def made(kind):
    torch.manual_seed(0)
    head = heads.build(kind, 6, 4, 0.2)
    for layer in head.modules():
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.running_mean.uniform_(-1, 1)
            layer.running_var.uniform_(0.5, 2)
    return head


def pooled():
    return torch.randn((5, 6), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", NUM_PARAMETERS)
def test_layers_are_those_of_the_studies(kind):
    head = made(kind).eval()
    assert sum(values.numel() for values in head.parameters()) == NUM_PARAMETERS[kind]
    assert head(pooled()).shape == (5, 6 if kind == "none" else 4)


def test_mlp_by_hand():
    head, values = made("mlp").eval(), pooled()
    state = {name: tensor.double().numpy() for name, tensor in head.state_dict().items()}
    hidden = values.double().numpy() @ state["0.weight"].T + state["0.bias"]
    normed = (hidden - state["1.running_mean"]) / np.sqrt(state["1.running_var"] + 1e-5)
    hidden = np.maximum(normed * state["1.weight"] + state["1.bias"], 0)
    expected = hidden @ state["4.weight"].T + state["4.bias"]
    np.testing.assert_allclose(head(values).detach(), expected, atol=1e-6)


def test_dropout_is_of_training_alone():
    assert heads.build("mlp", 6, 4, 0.2)[2].p == 0.2
    assert not heads.build("mlp", 6, 4, 1.0).train()[:3](pooled()).any()


@pytest.mark.parametrize("kind", WITH_WEIGHTS)
def test_a_file_gives_the_same_head_for_inference(kind, tmp_path):
    head = made(kind)
    heads.write(tmp_path / "h", kind, head, {"run": "first"})
    found = heads.read(tmp_path / "h", 6)
    assert found.dim == 4
    assert torch.equal(found.module(pooled()), head.eval()(pooled()))
    with safe_open(tmp_path / "h", framework="pt") as file:
        note = json.loads(file.metadata()["head"])
    assert note == {"kind": kind, "input_dim": 6, "dim": 4, "provenance": {"run": "first"}}


def test_the_same_head_is_the_same_file(tmp_path):
    for name in "ab":
        heads.write(tmp_path / name, "mlp", made("mlp"), {"one": "1", "two": "2", "three": "3"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_halves_are_read_as_float32(tmp_path):
    heads.write(tmp_path / "h", "linear", made("linear").half(), {})
    assert heads.read(tmp_path / "h", 6).module(pooled()).dtype == torch.float32


def test_there_is_nothing_to_write_of_no_head(tmp_path):
    with pytest.raises(ValueError, match="nothing to write"):
        heads.write(tmp_path / "h", "none", made("none"), {})


def test_vectors_of_another_length_are_refused(tmp_path):
    heads.write(tmp_path / "h", "linear", made("linear"), {})
    with pytest.raises(
        ConfigError, match="takes vectors of 6 numbers, the network gives 1280; take the network"
    ):
        heads.read(tmp_path / "h", 1280)


def altered(path, change_note=None, change=None):
    """Write a head of kind linear with another note or other tensors."""
    heads.write(path, "linear", made("linear"), {})
    tensors = load_file(path)
    note = {"kind": "linear", "input_dim": 6, "dim": 4, "provenance": {}} | (change_note or {})
    if change:
        change(tensors)
    save_file(tensors, path, {"head": json.dumps(note)})


@pytest.mark.parametrize(
    "note", [{"kind": "none"}, {"dim": 5}, {"dim": -1}, {"dim": 10**12}, {"dim": 2**70}, {"more": 1}]
)
def test_a_note_that_its_tensors_do_not_bear_out_is_refused(tmp_path, note):
    altered(tmp_path / "h", note)
    with pytest.raises(WeightsError, match=r"h' is no head \(its tensors or its note are not those of one\)"):
        heads.read(tmp_path / "h", 6)


def test_a_head_with_nan_is_refused(tmp_path):
    altered(tmp_path / "h", change=lambda tensors: tensors["0.bias"].fill_(torch.nan))
    with pytest.raises(WeightsError, match=r"holds NaN or infinity \(e\.g\. in '0\.bias'\)"):
        heads.read(tmp_path / "h", 6)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no head")
    save_file(made("linear").state_dict(), tmp_path / "weights")
    for name, reason in (
        ("text", ""),
        ("weights", "it carries no note that says so"),
        ("none", "No such file"),
    ):
        with pytest.raises(
            WeightsError, match=rf"{name}' is no head \(.*{reason}.*`retrieve train` writes one$"
        ):
            heads.read(tmp_path / name, 6)
