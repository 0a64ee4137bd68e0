"""What a recipe names is built together."""

import numpy as np
import pytest

from extract import extractors, images, plugins, recipe
from extract.recipe import LOCAL_PLUGINS


def test_thumbnails_are_built_without_a_network(run_python):
    program = (
        "import sys; from extract import extractors, recipe\n"
        "plain = {'global': {'kind': 'thumbnail', 'side_px': 4}, 'local': {'sift': {}}}\n"
        "print(extractors.build(recipe.from_plain(plain)).vector.dim, 'torch' in sys.modules)\n"
    )
    assert run_python(program).stdout == "48 False\n"


def test_photo_settings_go_with_the_extractors():
    built = extractors.build(
        recipe.from_plain({"photos": {"max_side_px": 99}, "global": {"kind": "thumbnail"}})
    )
    assert built.photos == images.Config(max_side_px=99)
    assert (built.local, built.empty) == ({}, {})


@pytest.mark.parametrize("kind", plugins.names(LOCAL_PLUGINS))
def test_features_of_a_failed_photo_can_be_packed_with_those_of_others(kind, photograph):
    built = extractors.build(recipe.from_plain({"global": {"kind": "thumbnail"}, "local": {kind: {}}}))
    found = built.local[kind].extract(images.decode(photograph(0), built.photos))
    empty = built.empty[kind]
    assert len(empty) == 0
    assert len(found) > 0
    for name, values in vars(found).items():
        assert getattr(empty, name).dtype == values.dtype
        assert getattr(empty, name).shape[1:] == values.shape[1:]


@pytest.mark.parametrize("kind", plugins.names(LOCAL_PLUGINS))
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (64, 64)])
def test_a_blank_or_tiny_photo_is_no_error(kind, size):
    built = extractors.build(recipe.from_plain({"global": {"kind": "thumbnail"}, "local": {kind: {}}}))
    photo = images.Photo(np.full((*size, 3), 128, np.uint8), size[1], size[0])
    assert len(built.local[kind].extract(photo)) == 0
    prepared = built.vector.prepare(photo.pixels)
    assert not built.vector.extract(prepared[None]).any()
