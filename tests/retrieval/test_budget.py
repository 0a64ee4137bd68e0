"""A budget beforehand holds against the bytes of real stores."""

import json

import h5py
import pytest

from extract import recipe, recipe_files
from extract.photos import Photos
from extract.run import run
from extract.store import DescriptorStore
from extract.store_writer import INDEX
from retrieval import budget, neighbourhood
from retrieval.build import build


def of(local, **network):
    return budget.of(recipe.from_plain({"global": network or {"kind": "thumbnail"}, "local": local}))


def bytes_of(found, name):
    (part,) = (part for part in found.parts if part.name == name)
    return part.typical, part.most


def test_parts_are_what_the_format_says():
    # 192 halves; 500 descriptors of 128 bytes with four floats and a score.
    found = of({"sift": {}, "vlad": {}, "asmk": {}})
    assert bytes_of(found, "global vector") == (384, 384)
    assert bytes_of(found, "sift descriptors") == (470 * 128, 500 * 128)
    assert bytes_of(found, "sift points") == (470 * 16, 500 * 16)
    assert bytes_of(found, "sift scores") == (470 * 4, 500 * 4)
    assert bytes_of(found, "vlad descriptors") == (4096, 4096)
    assert bytes_of(found, "asmk descriptors")[1] == 500 * 20
    # Row, own and averaged vector in halves, place and cosine of 30 neighbours.
    assert bytes_of(found, "neighbourhood") == (8 + 2 * 384 + 30 * 6,) * 2
    assert found.typical < found.most


def test_a_network_is_known_without_its_weights(monkeypatch):
    monkeypatch.setattr("extract.timm_backbone.resolve_weights", None)
    found = of({"patch": {"grid": 7}}, backbone="resnet18")
    assert bytes_of(found, "global vector") == (1024, 1024)
    assert bytes_of(found, "patch descriptors") == (49 * 512 * 2,) * 2


def test_asmk_is_within_its_published_20_kb():
    found = of({"asmk": {}})
    assert sum(part.most for part in found.parts if part.name.startswith("asmk")) < 20_000


@pytest.mark.parametrize(
    "plain",
    [
        {"global": {"kind": "thumbnail"}},
        {"global": {"kind": "thumbnail"}, "local": {"sift": {}, "vlad": {}, "asmk": {}}},
        {"global": {"backbone": "tf_efficientnet_lite0", "size_px": 64}, "local": {"patch": {}}},
    ],
)
def test_the_bytes_of_a_real_store_are_within_the_bound(plain, places, tmp_path):
    own = recipe.from_plain(plain)
    photos = Photos.read(places.index).select(range(20))
    run(photos, own, tmp_path / "S")
    found = budget.of(own)
    used = DescriptorStore.open(tmp_path / "S").num_bytes
    assert used <= found.most_of(20)
    assert used >= 20 * sum(part.typical for part in found.parts if part.name == "global vector")
    assert budget.of(recipe_files.resolve(own)) == found


def test_the_neighbourhood_takes_what_is_said(places, tmp_path):
    own = recipe.from_plain({"global": {"kind": "thumbnail"}})
    build(Photos.read(places.index).select(range(20)), own, tmp_path / "S")
    with h5py.File(tmp_path / "S" / INDEX / neighbourhood.FILE_NAME) as file:
        arrays = [file[name][()] for name in file]
    said, _ = bytes_of(budget.of(own), "neighbourhood")
    assert sum(values.nbytes for values in arrays if len(values) == 20) == 20 * said


def test_the_command_prints_every_part_and_a_million(retrieve):
    arguments = ["budget", "--local", "sift,vlad", "--set", "global.backbone=tf_efficientnet_lite0"]
    said = json.loads(retrieve(*arguments, "--json").stdout)
    assert said["local"] == ["sift", "vlad"]
    for column in ("typical", "most"):
        total = sum(part[column] for part in said["parts"])
        assert said["bytes_per_photo"][column] == pytest.approx(total, abs=len(said["parts"]))
        assert said["bytes_per_million"][column] == pytest.approx(1e6 * total, rel=1e-3)
    lines = retrieve(*arguments).stdout.splitlines()
    assert lines[0] == "recipe default, local descriptors: sift, vlad"
    assert [line.split()[-1] for line in lines if line.startswith("vlad descriptors")] == ["4,096"]
    assert lines[-1].startswith("a million photos")
    assert lines[-1].endswith("GB")


def test_an_unknown_network_is_one_sentence(retrieve):
    done = retrieve("budget", "--set", "global.backbone=resnet18x")
    assert done.returncode == 1
    assert "error: timm has no model 'resnet18x'" in done.stderr
