"""What a store says of recipes that are not its own."""

import dataclasses

import pytest

from extract import recipe as recipes
from extract import recipe_files, run
from extract.config import FileRef
from extract.errors import RecipeMismatchError
from extract.store import ASSETS, DescriptorStore


@pytest.fixture
def store(write_photos, thumbnails_and_sift, tmp_path):
    run.run(write_photos(tmp_path / "photos", 2), thumbnails_and_sift, tmp_path / "S")
    return DescriptorStore.open(tmp_path / "S")


def test_settings_are_compared_before_files_are_looked_for(store):
    elsewhere = recipes.from_plain({"global": {"backbone": "resnet50", "weights": "/nowhere/weights"}})
    with pytest.raises(RecipeMismatchError, match="global.kind: thumbnail, not network"):
        store.check_settings(elsewhere)


def test_the_stores_own_settings_pass(store):
    store.check_settings(store.recipe)


def test_descriptors_cannot_be_added_and_the_command_is_named(store):
    more = recipes.with_local(store.recipe, ["sift", "vlad"])
    with pytest.raises(RecipeMismatchError, match="no vlad descriptors, .* --local sift,vlad"):
        store.check_settings(more)


def test_a_file_that_the_store_holds_is_found_there_wherever_the_recipe_looked(tmp_path):
    folder = tmp_path / ASSETS
    folder.mkdir()
    (folder / "abc").write_bytes(b"centres")
    asked = recipes.from_plain({"global": {"kind": "thumbnail"}, "local": {"vlad": {}}})
    vlad = dataclasses.replace(asked.local["vlad"], codebook=FileRef("/moved/away/abc", "abc"))
    found = recipe_files.found_in(dataclasses.replace(asked, local={"vlad": vlad}), folder)
    assert found.local["vlad"].codebook == FileRef(str(folder / "abc"), "abc")
    unknown = dataclasses.replace(vlad, codebook=FileRef("/moved/away/def", "def"))
    kept = recipe_files.found_in(dataclasses.replace(asked, local={"vlad": unknown}), folder)
    assert kept.local["vlad"].codebook.path == "/moved/away/def"
