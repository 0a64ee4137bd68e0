"""A store made with a user's own weights, head and whitening is whole: it needs no other file any more."""

import shutil

import numpy as np
import pytest

from extract import heads, run, tuned_layers, weight_files, whitening_run
from extract import recipe as recipes
from extract.errors import WeightsError
from extract.photos import Photos
from extract.store import DescriptorStore
from retrieval import Engine

pytestmark = pytest.mark.slow


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Random weights of a ResNet-18 in a file, and a home without traces of networks."""
    monkeypatch.setenv("HOME", str(tmp_path))
    from extract.torchvision_guard import ensure_importable

    ensure_importable()
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = tmp_path / "resnet18.safetensors"
    save_file(timm.create_model("resnet18").state_dict(), path)
    return path


def recipe_with(weights, **settings):
    network = {"backbone": "resnet18", "size_px": 128, "weights": str(weights), **settings}
    return recipes.from_plain({"name": "own", "global": network})


def test_store_answers_after_its_files_are_gone(weights, places, tmp_path, monkeypatch):
    import torch

    own = tmp_path / "own"
    own.mkdir()
    heads.write(own / "head", "linear", heads.build("linear", 512, 64, 0.0), {})
    sha256 = weight_files.sha256_of(weights)
    tuned_layers.write(own / "tuned", {"bn1.bias": torch.full((64,), 0.1)}, sha256, {})
    files = {"head": str(own / "head"), "tuned": str(own / "tuned")}
    photos = Photos.read(places.index).select(range(0, 100, 5))
    fitted = whitening_run.fit(photos, recipe_with(weights, **files), kind="pca", dim=8, shrinkage=0.9)
    fitted.whitening.write(own / "whitening")
    run.run(photos, recipe_with(weights, **files, whitening=str(own / "whitening")), tmp_path / "S")
    weights.unlink()
    shutil.rmtree(own)
    # No trace either: the network is built from the copy in the store.
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "S").rename(tmp_path / "moved")
    hits = Engine.open(tmp_path / "moved").query(photos.paths[3], k=2)
    assert hits[0].id == photos.ids[3]
    assert hits[0].global_score == pytest.approx(1, abs=2e-3)
    assert DescriptorStore.open(tmp_path / "moved").dim == 8


def test_altered_whitening_in_the_store_is_noticed(weights, places, tmp_path):
    photos = Photos.read(places.index).select(range(0, 60, 5))
    fitted = whitening_run.fit(photos, recipe_with(weights), kind="pca", dim=4, shrinkage=0.9)
    fitted.whitening.write(tmp_path / "w")
    run.run(photos, recipe_with(weights, whitening=str(tmp_path / "w")), tmp_path / "S")
    store = DescriptorStore.open(tmp_path / "S")
    store.verify()
    asset = tmp_path / "S" / "assets" / store.recipe.global_config.whitening.sha256
    content = bytearray(asset.read_bytes())
    content[-1] ^= 1
    asset.write_bytes(content)
    for use in (store.verify, lambda: Engine.open(tmp_path / "S").query(photos.paths[0])):
        with pytest.raises(WeightsError, match="sha256 differs"):
            use()
    assert np.isfinite(store.vectors()).all()
