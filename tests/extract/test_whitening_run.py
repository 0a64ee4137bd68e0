import dataclasses

import numpy as np
import pytest
import torch

from extract import extractors, heads, images, tuned_layers, whitening, whitening_run
from extract import recipe as recipes
from extract.config import FileRef
from extract.errors import ConfigError
from extract.recipe_files import resolve
from extract.whitening import Whitening


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """A home of our own: traces of networks are kept there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def recipe(weights_of):
    """A small network with random weights."""
    weights = weights_of("resnet18").path
    return recipes.from_plain(
        {"name": "small", "global": {"backbone": "resnet18", "weights": weights, "size_px": 64}}
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory, write_photos):
    """Nine photographs of four places, one without a label, and a damaged one."""
    folder = tmp_path_factory.mktemp("photos")
    named = write_photos(folder, 11)
    (folder / "004.jpg").write_bytes(b"no photograph")
    labels = ["" if row == 10 else f"place {row % 4}" for row in range(11)]
    return dataclasses.replace(named, labels=tuple(labels))


@pytest.fixture(scope="module")
def vectors(photos, recipe):
    """Vectors of the readable photographs, one by one."""
    built = extractors.build(resolve(recipe))
    pixels = [
        images.read_photo(path, recipe.photos).pixels for row, path in enumerate(photos.paths) if row != 4
    ]
    return np.concatenate([built.vector.extract(built.vector.prepare(one)[None]) for one in pixels])


def fit(photos, recipe, kind="auto", dim=3, shrinkage=0.5, **options):
    return whitening_run.fit(photos, recipe, kind=kind, dim=dim, shrinkage=shrinkage, **options)


def assert_alike(one, other, vectors):
    # an axis may point either way, which products do not see
    products, expected = ((whitened := some.apply(vectors)) @ whitened.T for some in (one, other))
    np.testing.assert_allclose(products, expected, atol=1e-3 * np.abs(expected).max())


def test_pca_takes_every_photograph_that_can_be_read(photos, recipe, vectors):
    fitted = fit(photos, recipe, kind="pca")
    assert fitted.whitening.provenance["photos"] == "10"
    assert_alike(fitted.whitening, whitening.fit_pca(vectors, 3, 0.5), vectors)


@pytest.mark.parametrize("kind", ["labelled", "auto"])
def test_labelled_leaves_out_photographs_without_a_label(photos, recipe, vectors, kind):
    labels = [label for row, label in enumerate(photos.labels) if label and row != 4]
    fitted = fit(photos, recipe, kind=kind)
    assert fitted.whitening.provenance["kind"] == "labelled"
    assert fitted.whitening.provenance["photos"] == "9"
    assert_alike(fitted.whitening, whitening.fit_labelled(vectors[:9], labels, 3, 0.5), vectors)


def test_auto_is_pca_where_there_are_no_labels(photos, recipe):
    bare = dataclasses.replace(photos, labels=("",) * len(photos))
    assert fit(bare, recipe).whitening.provenance["kind"] == "pca"


def test_photographs_that_cannot_be_read_are_listed(photos, recipe):
    seen = []
    fitted = fit(photos, recipe, on_photo=seen.append)
    assert [photo_id for photo_id, _ in fitted.failures] == ["004.jpg"]
    assert fitted.failures[0][1]
    assert sorted(seen) == [False] * 10 + [True]


def test_provenance_names_the_recipe(photos, recipe):
    provenance = fit(photos, recipe).whitening.provenance
    assert provenance["recipe"] == "small"
    assert provenance["recipe_digest"] == resolve(recipe).digest


@pytest.mark.parametrize(("kind", "default"), [("pca", "0.95"), ("labelled", "0.8")])
def test_shrinkage_has_a_default_of_its_own_kind(photos, recipe, kind, default):
    assert fit(photos, recipe, kind=kind, shrinkage=None).whitening.provenance["shrinkage"] == default


def test_fitted_file_whitens_the_next_run(photos, recipe, vectors, tmp_path):
    fitted = fit(photos, recipe).whitening
    fitted.write(tmp_path / "w.safetensors")
    config = dataclasses.replace(recipe.global_config, whitening=FileRef(str(tmp_path / "w.safetensors")))
    whitened = resolve(dataclasses.replace(recipe, global_config=config))
    built = extractors.build(whitened)
    pixels = images.read_photo(photos.paths[0], recipe.photos).pixels
    vector = built.vector.extract(built.vector.prepare(pixels)[None])
    expected = fitted.apply(vectors[:1])
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-3)
    assert whitened.digest != resolve(recipe).digest


def test_the_recipes_own_whitening_is_fitted_anew(photos, recipe, tmp_path):
    Whitening(np.zeros(512, np.float32), np.eye(512, 3, dtype=np.float32), {}).write(tmp_path / "w")
    config = dataclasses.replace(recipe.global_config, whitening=FileRef(str(tmp_path / "w")))
    again = fit(photos, dataclasses.replace(recipe, global_config=config)).whitening
    np.testing.assert_array_equal(again.projection, fit(photos, recipe).whitening.projection)


def test_whitening_is_fitted_behind_a_head_and_tuned_layers(photos, recipe, weights_of, tmp_path):
    heads.write(tmp_path / "h", "linear", heads.build("linear", 512, 7, 0.0), {})
    base = weights_of("resnet18").sha256
    tuned_layers.write(tmp_path / "t", {"bn1.bias": torch.ones(64)}, base, {})
    files = {name: FileRef(str(tmp_path / name[0])) for name in ("head", "tuned")}
    config = dataclasses.replace(recipe.global_config, **files)
    fitted = fit(photos, dataclasses.replace(recipe, global_config=config), kind="pca").whitening
    assert fitted.projection.shape == (7, 3)
    assert fitted.provenance["recipe_digest"] != resolve(recipe).digest


def test_recipe_without_a_network_is_refused(photos, thumbnails):
    with pytest.raises(ConfigError, match="vectors of a network"):
        fit(photos, thumbnails)


@pytest.mark.parametrize("kind", ["pca", "labelled"])
def test_more_axes_than_photographs_are_refused(photos, recipe, kind):
    with pytest.raises(ConfigError, match=r"--dim must be between 1 and [89] for (9|10) photographs"):
        fit(photos, recipe, kind=kind, dim=64)


def test_labelled_without_labels_is_refused(photos, recipe):
    bare = dataclasses.replace(photos, labels=("",) * len(photos))
    with pytest.raises(ConfigError, match="needs labels with two photographs or more; there are none"):
        fit(bare, recipe, kind="labelled")
