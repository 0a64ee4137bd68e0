"""All kinds of local descriptors in one store: resumed, lent, kept with their codebooks, found by a query."""

import dataclasses

import numpy as np
import pytest

from extract import recipe, recipe_files
from extract.photos import Photos
from extract.run import run
from extract.store import DescriptorStore

SIFT = {"max_keypoints": 30, "max_side_px": 64}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """A home of our own: traces of networks are kept there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def every_kind(write_codebook, tmp_path_factory):
    """A recipe of a small network with every kind but the learned one."""
    folder = tmp_path_factory.mktemp("words")
    words = {kind: write_codebook(folder / kind, kind, **SIFT).path for kind in ("vlad", "asmk")}
    local = {"patch": {}, "sift": SIFT, **{kind: {"codebook": path} for kind, path in words.items()}}
    network = {"backbone": "tf_efficientnet_lite0", "size_px": 64}
    return recipe.from_plain({"global": network, "local": local})


@pytest.fixture(scope="module")
def photos(tmp_path_factory, write_photos):
    photos = write_photos(tmp_path_factory.mktemp("photos"), 6)
    with open(photos.paths[4], "wb") as file:
        file.write(b"no photograph")
    return photos


@pytest.fixture(scope="module")
def store(photos, every_kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("stores") / "S"
    run(photos, every_kind, path)
    return path


def of(store, kind, row):
    packed = DescriptorStore.open(store).features(kind, np.array([row]))
    return [values.tobytes() for values in vars(packed[0]).values()]


def test_what_is_stored_has_the_documented_shapes(store):
    opened = DescriptorStore.open(store)
    rows = np.arange(6)
    shapes = {kind: opened.features(kind, rows) for kind in opened.recipe.local}
    assert shapes["vlad"].descriptors.shape == (5, 1024)
    assert shapes["patch"].descriptors.shape == (5 * 49, 1280)
    assert shapes["asmk"].descriptors.shape[1] == 20
    assert [len(shapes[kind][4]) for kind in shapes] == [0, 0, 0, 0]
    assert {kind: packed.points.shape[1] for kind, packed in shapes.items()} == {
        "patch": 0, "sift": 4, "vlad": 0, "asmk": 0,
    }  # fmt: skip


def test_a_run_in_two_parts_gives_the_same_bytes(photos, every_kind, store, tmp_path, glance):
    run(photos.select([0, 1, 2]), every_kind, tmp_path / "S")
    summary = run(photos, every_kind, tmp_path / "S")
    assert (summary.known, summary.described) == (3, 3)
    assert glance(tmp_path / "S") == glance(store)


def test_threads_change_nothing(photos, every_kind, store, tmp_path, glance):
    run(photos, every_kind, tmp_path / "S", threads=1)
    assert glance(tmp_path / "S") == glance(store)


def test_a_photo_of_the_same_content_borrows_every_kind(photos, every_kind, store, tmp_path, monkeypatch):
    run(photos, every_kind, tmp_path / "S")
    monkeypatch.setattr("extract.images.decode", None)
    again = Photos(("again",), photos.paths[:1], ("",), ({},))
    run(again, every_kind, tmp_path / "S")
    for kind in every_kind.local:
        assert of(tmp_path / "S", kind, 6) == of(store, kind, 0)


def test_codebooks_lie_in_the_store_and_are_found_there(photos, every_kind, store, tmp_path):
    kept = DescriptorStore.open(store).recipe
    for kind in ("vlad", "asmk"):
        file = kept.local[kind].codebook
        assert file.path == str(store / "assets" / file.sha256)
    moved = recipe_files.resolve(dataclasses.replace(kept, name="moved"))
    assert moved.digest == DescriptorStore.open(store).digest
    DescriptorStore.open(store).verify()


def test_packaged_codebooks_lie_in_the_store_too(photos, tmp_path):
    plain = recipe.from_plain({"global": {"kind": "thumbnail"}, "local": {"vlad": {}}})
    run(photos, plain, tmp_path / "S")
    file = DescriptorStore.open(tmp_path / "S").recipe.local["vlad"].codebook
    assert file.path == str(tmp_path / "S" / "assets" / file.sha256)
