"""Files of a recipe: hashed before a run, found again in the store."""

import hashlib
from pathlib import Path

import pytest

from extract import config as configs
from extract import recipe, recipe_files
from extract.config import FileRef
from extract.errors import ConfigError, WeightsError


def with_weights(path, **settings):
    return recipe.from_plain({"global": {"weights": str(path), **settings}})


def test_resolving_hashes_what_a_file_holds(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    resolved = recipe_files.resolve(with_weights(tmp_path / "w", whitening=str(tmp_path / "w")))
    assert resolved.global_config.weights.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert resolved.global_config.whitening == resolved.global_config.weights


def test_a_file_that_changes_changes_the_digest_and_one_that_moves_does_not(tmp_path):
    digests = []
    for name, content in (("a", b"one"), ("b", b"one"), ("a", b"two")):
        (tmp_path / name).write_bytes(content)
        digests.append(recipe_files.resolve(with_weights(tmp_path / name)).digest)
    assert digests[0] == digests[1] != digests[2]


def test_packaged_weights_are_named_by_their_hash_alone():
    weights = recipe_files.resolve(recipe.load("default")).global_config.weights
    assert (weights.path, len(weights.sha256)) == ("", 64)


def test_resolving_twice_changes_nothing(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    resolved = recipe_files.resolve(with_weights(tmp_path / "w"))
    assert recipe_files.resolve(resolved) == resolved


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"^cannot read '.*/none': No such file"):
        recipe_files.resolve(with_weights(tmp_path / "none"))


def test_files_with_a_path_are_named_and_packaged_ones_are_not(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    assert [Path(file.path).name for file in recipe_files.named(with_weights(tmp_path / "w"))] == ["w"]
    assert list(recipe_files.named(recipe_files.resolve(recipe.load("imagenet")))) == []


def test_copies_in_a_store_are_found_by_their_hash(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    resolved = recipe_files.resolve(with_weights(tmp_path / "w"))
    moved = recipe_files.with_folder(resolved, Path("/store/assets"))
    sha256 = resolved.global_config.weights.sha256
    assert moved.global_config.weights.path == f"/store/assets/{sha256}"
    assert moved.digest == resolved.digest


def test_a_packaged_codebook_is_named_by_its_place_and_hash():
    plain = {"global": {"kind": "thumbnail"}, "local": {"vlad": {}}}
    file = recipe_files.resolve(recipe.from_plain(plain)).local["vlad"].codebook
    assert file.sha256 == hashlib.sha256(Path(file.path).read_bytes()).hexdigest()


def test_a_fitted_file_goes_to_the_descriptor_that_it_names(write_codebook, tmp_path):
    paths = [write_codebook(tmp_path / kind, kind).path for kind in ("vlad", "asmk")]
    plain = recipe.from_plain(
        {"global": {"kind": "thumbnail"}, "local": {"sift": {}, "asmk": {}, "vlad": {}}}
    )
    found = recipe_files.with_fitted(plain, paths)
    assert [found.local[kind].codebook.path for kind in ("vlad", "asmk")] == paths
    assert list(found.local) == ["sift", "asmk", "vlad"]
    with pytest.raises(ConfigError, match=r"for vlad descriptors, .* not keep; add --local sift,vlad$"):
        recipe_files.with_fitted(recipe.with_local(plain, ["sift"]), paths)
    with pytest.raises(WeightsError, match="is not a codebook or projection"):
        recipe_files.with_fitted(plain, [str(tmp_path / "none")])


def fitted_for(path, **settings):
    return with_weights(path, tuned="t", head="h", whitening="w", **settings)


def test_what_was_fitted_for_another_network_is_left_out():
    origin = fitted_for("/srv/a", backbone="resnet18")
    everything = ["head", "tuned", "whitening"]
    for other in (fitted_for("/srv/a", backbone="resnet34"), fitted_for("/srv/b", backbone="resnet18")):
        kept, left_out = recipe_files.without_foreign(other, origin)
        assert left_out == everything
        assert configs.files(kept.global_config) == {"weights": other.global_config.weights}
        kept, left_out = recipe_files.without_foreign(other, origin, ["whitening"])
        assert left_out == ["head", "tuned"]
        assert kept.global_config.whitening == FileRef("w")


def test_what_was_fitted_for_the_same_network_stays(monkeypatch):
    monkeypatch.chdir("/")
    origin = fitted_for("/srv/a", backbone="resnet18")
    for same in (origin, fitted_for("srv/a", backbone="resnet18", size_px=640)):
        assert recipe_files.without_foreign(same, origin) == (same, [])
    thumbnail = recipe.from_plain({"global": {"kind": "thumbnail"}})
    assert recipe_files.without_foreign(thumbnail, origin) == (thumbnail, [])
