import dataclasses

from train.origin import Origin


def test_what_differs_is_named_and_nothing_is_where_nothing_does(tiny_recipe, place_photos):
    began = Origin.of(tiny_recipe(), place_photos)
    assert began.difference(Origin.of(tiny_recipe(name="other"), place_photos)) == ""
    assert began.difference(Origin.of(tiny_recipe(seed=3), place_photos)) == "another recipe (seed: 0, not 3)"
    fewer = place_photos.select(range(1, len(place_photos)))
    assert began.difference(Origin.of(tiny_recipe(), fewer)).startswith("other photographs")
    later = dataclasses.replace(began, version=began.version + 1)
    assert began.difference(later).startswith(f"version {began.version} of the training code")


def test_a_file_that_changed_its_length_is_another_photograph(tiny_recipe, write_photos, tmp_path):
    photos = write_photos(tmp_path, 2)
    before = Origin.of(tiny_recipe(), photos)
    with open(photos.paths[0], "ab") as file:
        file.write(b"\0")
    assert before.difference(Origin.of(tiny_recipe(), photos)).startswith("other photographs")
