"""`retrieve train` as a person uses it, up to the index that describes by what came out."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from extract import timm_backbone
from extract.store import DescriptorStore
from retrieval.cli.train import _recipe

RECIPE = """
epochs = 1
batch_size = 8
[network]
backbone = "test_efficientnet"
weights = "first.safetensors"
[views]
size_px = 32
[loss.supcon]
[sampler]
kind = "m-per-class"
[validation]
share = 0.34
[recipe.global]
size_px = 64
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory, photograph):
    """A folder of six places, a recipe and the weights that it begins with."""
    folder = tmp_path_factory.mktemp("train")
    for place in range(6):
        (folder / f"places/{place}").mkdir(parents=True)
        for number in range(4):
            (folder / f"places/{place}/{number}.jpg").write_bytes(photograph(place + 24 * number))
    model = timm_backbone.trainable("test_efficientnet", None).module.model
    save_file(
        {name: value.contiguous() for name, value in model.state_dict().items()}, folder / "first.safetensors"
    )
    (folder / "tiny.toml").write_text(RECIPE)
    return folder


@pytest.fixture
def train(run_here, work, monkeypatch):
    """Run the command with the tiny recipe; pictures are made in this process, curves and ONNX are not."""
    from train import extras, loader

    monkeypatch.setattr(loader, "default_workers", lambda device: 0)
    monkeypatch.setattr(extras, "write", lambda out, on_event: None)

    def call(out, *options, data=work / "places"):
        return run_here("train", work / "tiny.toml", "--data", data, "--out", out, *options)

    return call


def test_what_comes_out_is_used_by_index_at_once(train, run_here, work, tmp_path):
    broken = Path(shutil.copytree(work / "places", tmp_path / "broken"))
    (broken / "0/3.jpg").write_bytes(b"no photo")
    done = train(tmp_path / "run", "--set", "optimiser.rate=1e-3", data=broken)
    assert done.returncode == 3, done.stderr
    assert "failed: 0/3.jpg" in done.stderr
    assert "epoch 1 of 1: loss" in done.stderr
    assert "map@100 " in done.stdout
    *_, last = done.stdout.splitlines()
    assert last == f"use it with: retrieve index PHOTOS --store S --recipe {tmp_path / 'run'}"
    indexed = run_here(
        "index", work / "places", "--store", tmp_path / "S", "--recipe", tmp_path / "run", "--local", "none"
    )
    assert indexed.returncode == 0, indexed.stderr
    vectors = DescriptorStore.open(tmp_path / "S").vectors()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)
    again = train(tmp_path / "run", "--set", "optimiser.rate=1e-3", data=broken)
    assert again.returncode == 1
    assert "go on with the run in it by --resume" in again.stderr


def test_frozen_trains_a_head_from_a_store(train, work, tmp_path):
    done = train(tmp_path / "run", "--freeze", "--epochs", "2", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["epochs"], told["failed"], told["metric"]) == (2, 0, "map@100")
    assert told["low"] <= told["value"] <= told["high"]
    assert DescriptorStore.open(tmp_path / "run/pooled.store").num_rows == 24
    first, last = map(load_file, (work / "first.safetensors", tmp_path / "run/weights.safetensors"))
    assert all(np.array_equal(value, last[name]) for name, value in first.items())
    assert load_file(tmp_path / "run/head.safetensors")["0.weight"].shape[0] == 512
    resumed = train(tmp_path / "run", "--resume", "--freeze", "--epochs", "2", "--json")
    assert "is finished" in resumed.stderr
    assert json.loads(resumed.stdout) == told


@pytest.mark.parametrize(
    ("freeze", "settings", "whitening", "distill"),
    [
        (False, [], "places-whitening.safetensors", 10.0),
        (False, ["optimiser.rate=1e-5"], "places-whitening.safetensors", 10.0),
        (False, ["network.backbone=resnet18"], "", 10.0),
        (False, ["network.backbone=resnet18", "network.whitening=own"], "own", 10.0),
        (False, ["network.head=linear", "network.dim=64"], "", 0.0),
        (False, ["network.backbone=resnet18", "network.pretrained=false"], "", 0.0),
        (True, [], "", 0.0),
    ],
)
def test_of_the_default_recipe_that_is_left_out_which_another_network_or_head_does_not_go_with(
    freeze, settings, whitening, distill
):
    network = _recipe(None, Path("run"), freeze, None, None, False, settings).network
    assert Path(network.whitening.path).name == whitening
    assert network.distill == distill


@pytest.mark.parametrize(
    ("settings", "losses"),
    [
        (["loss.arcface.margin=0.3"], {"arcface"}),
        (["loss.supcon.temperature=0.2"], {"supcon"}),
        (
            ["loss.classification.weight=0.5", "loss.contrastive.weight=0.5"],
            {"classification", "contrastive"},
        ),
        (["loss.arcface.weight=1", "loss.triplet.margin=0.1"], {"arcface", "triplet"}),
    ],
)
def test_a_loss_that_is_set_takes_the_place_of_the_recipes(settings, losses):
    assert set(_recipe(None, Path("run"), False, None, None, False, settings).losses) == losses


def test_settings_of_another_sampler_do_not_stay(tmp_path):
    (tmp_path / "own.toml").write_text('[sampler]\nkind = "m-per-class"\nper_class = 2\n[loss.supcon]\n')
    own = str(tmp_path / "own.toml")
    kept, other = (
        _recipe(own, tmp_path, False, None, None, False, [f"sampler.kind={kind}"])
        for kind in ("m-per-class", "random")
    )
    assert (kept.sampler_kind, kept.sampler.per_class) == ("m-per-class", 2)
    assert other.sampler_kind == "random"


def test_what_is_left_out_of_a_recipe_that_was_named_is_told(tmp_path, capsys):
    (tmp_path / "own.toml").write_text("[network]\ndistill = 2.0\n")
    own = str(tmp_path / "own.toml")
    _recipe(own, tmp_path, False, None, None, False, ["network.backbone=resnet18"])
    assert capsys.readouterr().err == ""
    _recipe(own, tmp_path, True, None, None, False, [])
    assert capsys.readouterr().err == "left out, as they do not go with what is set: network.distill\n"


def test_control_c_says_how_to_go_on(train, tmp_path, monkeypatch):
    from train import loop

    def interrupted(*given, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "fit", interrupted)
    done = train(tmp_path / "run")
    assert done.returncode == 130
    assert done.stderr == "interrupted; the last checkpoint is kept, go on with --resume\n"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--resume"], "holds no run to go on with"),
        (["--set", "optimiser.rat=1"], "did you mean 'rate'"),
        (["--set", "optimiser"], "--set takes KEY=VALUE"),
        (["--set", "validation.metric=map@0"], "map@0"),
        (["--set", "recipe.global.head=x"], "it follows from training"),
    ],
)
def test_a_mistake_is_one_sentence(train, tmp_path, options, sentence):
    done = train(tmp_path / "run", *options)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert not (tmp_path / "run").exists()


def test_of_several_processes_the_first_alone_tells(train, tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(logging, "disable", lambda level: None)  # else it stays so
    done = train(tmp_path / "run")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_command_is_loaded_without_torch(run_python):
    done = run_python(
        "import retrieval.cli.train, sys; print('torch' in sys.modules, 'numpy' in sys.modules)"
    )
    assert done.stdout == "False False\n"
