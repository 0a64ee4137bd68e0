"""Options laid over a recipe: what belongs to its network goes with it."""

import pytest

from extract.config import NO_FILE, FileRef
from retrieval.cli._shared import read_recipe


@pytest.fixture
def folder(tmp_path):
    """A folder as `retrieve train` leaves it."""
    text = '[global]\nbackbone = "resnet18"\ntuned = "t"\nhead = "h"\nwhitening = "w"\n'
    (tmp_path / "recipe.toml").write_text(text)
    return tmp_path


def read(name, *settings, **options):
    given = {"backbone": None, "weights": None, "whitening": None, **options}
    return read_recipe(None if name is None else str(name), settings=settings, **given).global_config


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ((), {"backbone": "resnet34"}),
        ((), {"weights": "mine.safetensors"}),
        (("global.backbone=resnet34",), {}),
        (('global.weights="mine.safetensors"',), {}),
    ],
)
def test_another_network_leaves_out_what_was_fitted(folder, capsys, settings, options):
    config = read(folder, *settings, **options)
    assert (config.tuned, config.head, config.whitening) == (NO_FILE,) * 3
    told = capsys.readouterr().err
    assert told.startswith(f"left out of the recipe {str(folder)!r}, since they belong to its own network: ")
    assert told.endswith(": head, tuned, whitening\n")


def test_files_that_are_asked_for_stay(folder, capsys):
    config = read(folder, "global.head=mine", backbone="resnet34", whitening="mine")
    assert (config.tuned, config.head, config.whitening) == (NO_FILE, FileRef("mine"), FileRef("mine"))
    assert capsys.readouterr().err.endswith("network: tuned\n")


def test_the_same_network_keeps_them(folder, capsys):
    config = read(folder, "global.size_px=640", backbone="resnet18")
    assert config.tuned == FileRef(str(folder / "t"))
    assert config.whitening == FileRef(str(folder / "w"))
    assert capsys.readouterr().err == ""


def test_one_of_them_can_be_emptied(folder):
    config = read(folder, "global.tuned=", "global.whitening=")
    assert (config.tuned, config.head, config.whitening) == (NO_FILE, FileRef(str(folder / "h")), NO_FILE)


@pytest.mark.parametrize("name", [None, "default"])
def test_nothing_is_told_of_the_default(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "default.toml").write_text('[global]\ntuned = "../networks/t"\n')
    monkeypatch.setattr("extract.recipe.PRESETS", tmp_path)
    assert read(name).tuned == FileRef(str(tmp_path.parent / "networks/t"))
    assert read(name, backbone="resnet18").tuned == NO_FILE
    assert capsys.readouterr().err == ""
