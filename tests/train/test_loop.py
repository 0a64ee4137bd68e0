"""Whole runs: stopped and gone on with, judged, and brought to their end by bad luck."""

import errno
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from evaluate.figures import Figure
from extract.whitening import fit_pca
from train import checkpoint, epochs, loader, loop, result
from train import recipe as recipes
from train.errors import TrainingError
from train.events import Begun, EpochDone, Remark, StepDone, Untrained
from train.judge import Judged
from train.labelled_photos import read
from train.log import STEPS_FILE
from train.log import read as read_log
from train.material import Pictures
from train.network import EmbeddingNetwork
from train.origin import Origin

# Everything that a run remembers: class centres, a memory of past batches, a miner, the running average.
REMEMBERING = {
    "loss": {"arcface": {}, "triplet": {}},
    "miner": {"kind": "semi-hard"},
    "memory": 8,
    "optimiser": {"accumulate": 2},
}

KILLED = """
import os, pathlib, signal
import torch
from train import epochs, events, labelled_photos, loop, recipe
torch.set_num_threads(threads)
epochs.CHECKPOINT_EVERY_S = 0.0
epochs._LARGEST_SHARE = 1e9
def at_last_step(event):
    if isinstance(event, events.StepDone) and event.step == 6:
        os.kill(os.getpid(), signal.SIGKILL)
loop.fit(recipe.from_plain(settings), labelled_photos.read(folder), pathlib.Path(out),
         workers=0, on_event=at_last_step)
"""


@pytest.fixture(scope="module")
def fit(place_photos):
    """Train in this process and give what came out and what was told."""

    def call(recipe, out, photos=place_photos, **options):
        told = []
        return loop.fit(recipe, photos, out, workers=0, on_event=told.append, **options), told

    return call


@pytest.fixture(scope="module")
def finished(tmp_path_factory, fit, tiny_recipe):
    """An undisturbed run."""
    out = tmp_path_factory.mktemp("finished") / "run"
    return out, *fit(tiny_recipe(**REMEMBERING), out)


def weights(out):
    return {name: (out / name).read_bytes() for name in (result.WEIGHTS_FILE, result.HEAD_FILE)}


def test_a_run_that_was_killed_goes_on_to_the_same_bits(tmp_path, place_folder, finished, fit, tiny_recipe):
    recipe = tiny_recipe(**REMEMBERING)
    out = tmp_path / "run"
    given = {
        "folder": str(place_folder),
        "out": str(out),
        "settings": recipe.to_plain(),
        "threads": torch.get_num_threads(),
    }
    # By the loader's server of processes, which has imported torch already.
    killed = loader.fork_server().Process(target=exec, args=(KILLED, given))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert not (out / result.RECIPE_FILE).exists()
    _, told = fit(recipe, out, resume=True)
    steps = [event.step for event in told if isinstance(event, StepDone)]
    # 16 photographs in batches of 4, two epochs: killed in the second, behind the checkpoint of step 5.
    assert steps == [6, 7, 8]
    assert weights(out) == weights(finished[0])
    rows = read_log(out / STEPS_FILE)
    undisturbed = read_log(finished[0] / STEPS_FILE)
    assert [(row["step"], row["loss"]) for row in rows] == [(row["step"], row["loss"]) for row in undisturbed]


class _StoppedError(Exception):
    pass


def test_a_run_held_to_its_first_network_goes_on_to_the_same_bits(
    tmp_path, place_photos, tiny_recipe, monkeypatch
):
    monkeypatch.setattr(epochs, "CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(epochs, "_LARGEST_SHARE", 1e9)
    monkeypatch.chdir(tmp_path)
    first = EmbeddingNetwork.build(tiny_recipe(network={"head": "none", "dim": 0}).network, 3)
    state = {name: value.contiguous() for name, value in first.backbone.model.state_dict().items()}
    save_file(state, "first.safetensors")
    vectors = np.random.default_rng(0).normal(size=(20, first.dim)).astype(np.float32)
    fit_pca(vectors, 5, 0.5).write(Path("white"))
    held = {
        "head": "none", "dim": 0, "pretrained": True, "weights": "first.safetensors",
        "whitening": "white", "distill": 5.0, "pooling": "regional-gem",
    }  # fmt: skip
    recipe = tiny_recipe(network=held)

    def stop(event):
        if isinstance(event, StepDone) and event.step == 6:
            raise _StoppedError

    loop.fit(recipe, place_photos, Path("whole"), workers=0)
    with pytest.raises(_StoppedError):
        loop.fit(recipe, place_photos, Path("run"), workers=0, on_event=stop)
    # As the command does where no recipe is named, from another folder.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    out = tmp_path / "run"
    again = recipes.load(str(out / "train.toml"))
    loop.fit(again, place_photos, out, workers=0, resume=True)
    for name in (result.WEIGHTS_FILE, result.WHITENING_FILE):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    after = load_file(out / result.WEIGHTS_FILE)["conv_head.weight"]
    assert not after.equal(first.backbone.model.conv_head.weight)


def test_another_seed_comes_to_other_weights(tmp_path, finished, fit, tiny_recipe):
    fit(tiny_recipe(**REMEMBERING, seed=1), tmp_path / "run")
    assert weights(tmp_path / "run") != weights(finished[0])


def test_a_run_tells_its_epochs_and_keeps_the_best(finished):
    out, came, told = finished
    epochs = [event for event in told if isinstance(event, EpochDone)]
    assert [event.epoch for event in epochs] == [1, 2]
    assert (came.epochs_run, came.failures) == (2, ())
    assert came.best.judged.figure.value == max(event.judged.figure.value for event in epochs)
    assert came.best.epoch == [event.epoch for event in epochs if event.is_best][-1]
    assert [path.name for path in out.glob("best-*")] == [f"best-{came.best.epoch}.pt"]


def test_a_finished_run_says_so(finished, fit, tiny_recipe):
    out, came, _ = finished
    before = weights(out)
    again, told = fit(tiny_recipe(**REMEMBERING), out, resume=True)
    assert again == came
    assert told == [Remark(f"the run in {str(out)!r} is finished; nothing is left to do")]
    assert weights(out) == before


def test_a_run_does_not_go_on_with_other_settings(finished, fit, tiny_recipe):
    with pytest.raises(TrainingError, match="begun with another recipe .epochs: 2, not 3."):
        fit(tiny_recipe(**REMEMBERING, epochs=3), finished[0], resume=True)


def scripted(monkeypatch, values):
    """Let what is judged have `values`, after that of the network as it begins."""
    figures = iter([0.0, *values])

    def judge(source, network):
        return Judged("map@100", Figure(next(figures), 0.0, 1.0, 8), False), ()

    monkeypatch.setattr(Pictures, "judge", judge)


def test_the_network_is_judged_before_the_first_step_of_a_run(finished):
    _, came, told = finished
    places = {type(event): place for place, event in reversed(list(enumerate(told)))}
    assert places[Begun] < places[Untrained] < places[StepDone]
    untrained = told[places[Untrained]].judged
    assert untrained.metric == came.best.judged.metric
    assert untrained.figure.queries == came.best.judged.figure.queries


def test_a_run_stops_behind_its_best_epoch_and_gives_that(tmp_path, fit, tiny_recipe, monkeypatch):
    scripted(monkeypatch, [0.5, 0.6, 0.55, 0.6, 0.9])
    came, _ = fit(tiny_recipe(epochs=5, validation={"patience": 2}), tmp_path / "patient")
    assert (came.epochs_run, came.best.epoch) == (4, 2)
    # The rate is constant, so that the second epoch of a run of two is the same.
    scripted(monkeypatch, [0.5, 0.6])
    fit(tiny_recipe(epochs=2), tmp_path / "short")
    kept, short = (load_file(tmp_path / name / result.WEIGHTS_FILE) for name in ("patient", "short"))
    assert all(torch.equal(value, short[name]) for name, value in kept.items())


def test_without_validation_the_last_epoch_comes_out_and_it_is_said(tmp_path, fit, tiny_recipe):
    out = tmp_path / "run"
    came, told = fit(tiny_recipe(validation={"share": 0.0}), out)
    assert came.best is None
    assert Remark("no class is held back to judge by; what comes out is the last epoch") in told
    _, state = checkpoint.load(out, origin_of(out))
    average = state["average"]["averages"]
    head = load_file(out / result.HEAD_FILE)
    assert torch.equal(head["0.weight"], average["head.0.weight"])
    assert not torch.equal(head["0.weight"], state["network"]["head.0.weight"])


def origin_of(out):
    content = torch.load(out / checkpoint.LAST_FILE, weights_only=True)
    return Origin(**json.loads(content["origin"]))


def test_fewer_photos_than_a_batch_are_trained_on_together_and_counted(
    tmp_path, place_photos, fit, tiny_recipe
):
    out = tmp_path / "run"
    came, told = fit(tiny_recipe(batch_size=32, epochs=1), out, photos=place_photos.select([0, 1, 4]))
    assert [event.step for event in told if isinstance(event, StepDone)] == [1]
    progress, _ = checkpoint.load(out, origin_of(out))
    assert came.images_per_second * progress.step_seconds == pytest.approx(3)


def test_a_loss_that_is_no_number_names_the_batch_and_leaves_a_good_checkpoint(tmp_path, fit, tiny_recipe):
    out = tmp_path / "run"
    with pytest.raises(TrainingError, match="photos 'place-.*checkpoint in .* is good"):
        fit(tiny_recipe(optimiser={"rate": 1e30, "warmup_steps": 0}), out)
    _, state = checkpoint.load(out, origin_of(out))
    assert all(value.isfinite().all() for value in state["network"].values())
    assert not (out / result.RECIPE_FILE).exists()


def test_a_broken_photo_is_named_and_stops_nothing(tmp_path, place_folder, fit, tiny_recipe):
    folder = Path(shutil.copytree(place_folder, tmp_path / "places"))
    for place in range(6):
        (folder / f"place-{place}" / "2.jpg").write_bytes(b"no photo")
    came, _ = fit(tiny_recipe(epochs=1), tmp_path / "run", photos=read(folder))
    assert [name for name, _ in came.failures] == [f"place-{place}/2.jpg" for place in range(6)]


def test_a_full_disk_is_one_sentence(tmp_path, fit, tiny_recipe, monkeypatch):
    def full(*given):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        fit(tiny_recipe(), tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"LOCK"}
