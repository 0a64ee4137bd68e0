"""Weights of an experiment's networks: by name or for the only one, and none at all."""

import dataclasses

import pytest

from extract.errors import ConfigError
from retrieval.experiments import _run, _weights
from retrieval.experiments._study import Arm

ARMS = (
    Arm("a", {}, {"train": {"network": {"backbone": "resnet50"}}}),
    Arm("b", {}, {"train": {"network": {"backbone": "densenet169"}}}),
)


def test_weights_are_given_by_the_backbone_or_to_the_only_one(tmp_path):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    assert _weights.weights_by_backbone(ARMS[:1], [str(file)]) == {"resnet50": str(file)}
    assert _weights.weights_by_backbone(ARMS, [f"densenet169={file}"]) == {"densenet169": str(file)}


@pytest.mark.parametrize(("text", "sentence"), [("{}", "BACKBONE=FILE"), ("resnet50=gone", "is not there")])
def test_weights_of_nobody_are_one_sentence(tmp_path, text, sentence):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    with pytest.raises(ConfigError, match=sentence):
        _weights.weights_by_backbone(ARMS, [text.format(file)])


def test_a_network_without_weights_begins_at_random(tmp_path, monkeypatch):
    work = _run.Work(tmp_path, True, 0, tmp_path, tmp_path / "out", {})
    monkeypatch.setattr(_weights, "_has_weights", lambda backbone: backbone == "densenet169")
    settings = {arm.name: arm.settings["train"] for arm in ARMS}
    plain, random_start = _weights.with_weights(settings["a"], work)
    assert random_start
    assert plain["network"]["pretrained"] is False
    assert _weights.with_weights(settings["b"], work) == (settings["b"], False)
    own = dataclasses.replace(work, weights={"resnet50": "/w"})
    plain, random_start = _weights.with_weights(settings["a"], own)
    assert not random_start
    assert plain["network"]["weights"] == "/w"
