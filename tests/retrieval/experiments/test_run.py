"""Runs of arms and seeds: kept ones are not run again, changed ones are, and all ask the same queries."""

import dataclasses

import numpy as np
import pytest

from evaluate.outcome import Outcome
from extract.errors import ConfigError
from retrieval.experiments import _run
from retrieval.experiments._study import Arm


@pytest.fixture
def work(tmp_path):
    return _run.Work(tmp_path, True, 0, tmp_path, tmp_path / "out", {})


def run_all(work, seeds=2):
    told = []
    return _run.run_all("fake", work, seeds, lambda *one: told.append(one)), told


def test_every_arm_runs_once_a_seed_and_then_never_again(fake, work):
    found, _ = run_all(work)
    assert fake.calls == [("good", 0), ("bad", 0), ("good", 1), ("bad", 1)]
    again, told = run_all(work)
    assert len(fake.calls) == 4
    assert all(is_kept for _, _, is_kept in told)
    for arm in found:
        for first, second in zip(found[arm], again[arm], strict=True):
            np.testing.assert_array_equal(first.outcomes["accuracy"].hits, second.outcomes["accuracy"].hits)


def test_a_run_that_was_broken_off_goes_on_with_what_is_missing(fake, work):
    run_all(work, seeds=1)
    run_all(work, seeds=2)
    assert fake.calls[2:] == [("good", 1), ("bad", 1)]


def test_changed_settings_are_run_again(fake, work):
    run_all(work, seeds=1)
    good, bad = fake.STUDY.small_arms
    changed = dataclasses.replace(good, settings={"share": 0.8})
    fake.STUDY = dataclasses.replace(fake.STUDY, small_arms=(changed, bad))
    run_all(work, seeds=1)
    assert fake.calls[2:] == [("good", 0)]


def test_an_arm_of_one_seed_runs_once(fake, work):
    good, bad = fake.STUDY.small_arms
    fake.STUDY = dataclasses.replace(fake.STUDY, small_arms=(good, dataclasses.replace(bad, one_seed=True)))
    found, _ = run_all(work)
    assert fake.calls == [("good", 0), ("bad", 0), ("good", 1)]
    assert len(found["bad"]) == 1


def test_arms_that_ask_other_queries_are_refused(fake, work):
    def run(arm, own):
        count = 3 if arm.name == "good" else 4
        ones = np.ones(count, np.int64)
        measured = original(arm, own)
        return dataclasses.replace(measured, outcomes={"accuracy": Outcome(ones[:, None] > 0, ones, ones)})

    original, fake.run = fake.run, run
    with pytest.raises(ConfigError, match="other queries"):
        run_all(work)


ARMS = (
    Arm("a", {}, {"train": {"network": {"backbone": "resnet50"}}}),
    Arm("b", {}, {"train": {"network": {"backbone": "densenet169"}}}),
)


def test_weights_are_given_by_the_backbone_or_to_the_only_one(tmp_path):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    assert _run.weights_by_backbone(ARMS[:1], [str(file)]) == {"resnet50": str(file)}
    assert _run.weights_by_backbone(ARMS, [f"densenet169={file}"]) == {"densenet169": str(file)}


@pytest.mark.parametrize(("text", "sentence"), [("{}", "BACKBONE=FILE"), ("resnet50=gone", "is not there")])
def test_weights_of_nobody_are_one_sentence(tmp_path, text, sentence):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    with pytest.raises(ConfigError, match=sentence):
        _run.weights_by_backbone(ARMS, [text.format(file)])


def test_a_network_without_weights_begins_at_random(work, monkeypatch):
    monkeypatch.setattr(_run, "_known_weights", {"resnet50": False, "densenet169": True})
    settings = {arm.name: arm.settings["train"] for arm in ARMS}
    plain, random_start = _run.with_weights(settings["a"], work)
    assert random_start
    assert plain["network"]["pretrained"] is False
    assert _run.with_weights(settings["b"], work) == (settings["b"], False)
    own = dataclasses.replace(work, weights={"resnet50": "/w"})
    plain, random_start = _run.with_weights(settings["a"], own)
    assert not random_start
    assert plain["network"]["weights"] == "/w"
