"""What a recipe names is built together; every local descriptor that ships keeps one contract."""

import dataclasses

import numpy as np
import pytest

from extract import extractors, images, plugins, recipe, recipe_files, weight_files
from extract.codebook import Codebook
from extract.errors import ConfigError
from extract.fitted import Network, Note
from extract.projection import Projection
from extract.recipe import LOCAL_PLUGINS

NETWORK = {"backbone": "tf_efficientnet_lite0", "size_px": 64}
SMALL_SIFT = {"max_keypoints": 30, "max_side_px": 64}
every_kind = pytest.mark.parametrize("kind", plugins.names(LOCAL_PLUGINS))


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """A home of our own: traces of networks are kept there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def built_of(tmp_path_factory):
    """Build the extractors of a recipe with one local descriptor at its defaults."""

    def build(kind):
        settings = {}
        if kind == "learned":
            pytest.importorskip("kornia")
            from safetensors.torch import save_file

            from extract import learned_networks

            path = tmp_path_factory.mktemp("learned") / "weights.safetensors"
            save_file(learned_networks.create("aliked-t16").state_dict(), path)
            settings = {"network": "aliked-t16", "weights": str(path), "max_side_px": 160}
        source = plugins.load(LOCAL_PLUGINS, kind).SOURCE
        values = NETWORK if source == "map" else {"kind": "thumbnail"}
        return extractors.build(
            recipe_files.resolve(recipe.from_plain({"global": values, "local": {kind: settings}}))
        )

    return build


def features_of(built, photo):
    """All local features of a photograph, by kind."""
    found = built.features_of_photo(photo)
    if built.from_map:
        _, maps = built.vector.extract_with_maps(built.vector.prepare(photo.pixels)[None])
        found |= built.features_of_map(maps[0])
    return found


def thumbnails(local):
    return recipe_files.resolve(recipe.from_plain({"global": {"kind": "thumbnail"}, "local": local}))


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
    assert (built.kept, built.empty) == ((), {})


@every_kind
@pytest.mark.filterwarnings("error:invalid value")
def test_every_kind_keeps_the_contract(kind, built_of, photograph):
    built = built_of(kind)
    assert built.kept == (kind,)
    (empty,) = built.empty.values()
    assert len(empty) == 0
    pictures = [
        images.decode(photograph(0), built.photos),
        *(
            images.Photo(np.full((*size, 3), 128, np.uint8), size[1], size[0])
            for size in ((1, 1), (1, 300), (300, 1), (64, 64))
        ),
    ]
    for picture in pictures:
        found, again = (features_of(built, picture)[kind] for _ in range(2))
        for name, values in vars(found).items():
            assert getattr(empty, name).dtype == values.dtype
            assert getattr(empty, name).shape[1:] == values.shape[1:]
            assert getattr(again, name).tobytes() == values.tobytes()
            assert np.isfinite(values).all()


@every_kind
def test_every_kind_stays_within_its_footprint(kind, built_of, photograph):
    built = built_of(kind)
    config = recipe.from_plain({"global": {"kind": "thumbnail"}, "local": {kind: {}}}).local[kind]
    if kind == "learned":
        config = dataclasses.replace(config, network="aliked-t16")
    footprint = plugins.load(LOCAL_PLUGINS, kind).footprint(config, built.vector.channels)
    found = features_of(built, images.decode(photograph(0), built.photos))[kind]
    assert len(found) <= footprint.most_rows
    assert 1 <= footprint.typical_rows <= footprint.most_rows
    widths = {name: values[:1].nbytes for name, values in vars(found).items()}
    if len(found):
        assert footprint.columns == widths


def test_a_descriptor_of_the_map_needs_a_network():
    with pytest.raises(ConfigError, match="'thumbnail' does not have; take a recipe with a network"):
        extractors.build(recipe.from_plain({"global": {"kind": "thumbnail"}, "local": {"patch": {}}}))


class TestDerived:
    def test_a_source_that_the_recipe_keeps_is_made_once(self):
        built = extractors.build(thumbnails({"vlad": {}, "sift": {}, "asmk": {}}))
        assert built.kept == ("vlad", "sift", "asmk")
        assert list(built.from_photo) == ["sift"]
        assert {one.reads for one in built.derived.values()} == {"sift"}

    def test_a_source_that_the_recipe_does_not_keep_is_made_and_not_given(self, photograph):
        kept = extractors.build(thumbnails({"vlad": {}, "sift": {}}))
        alone = extractors.build(thumbnails({"vlad": {}, "asmk": {}}))
        assert len(alone.from_photo) == 1
        photo = images.decode(photograph(1), alone.photos)
        found, expected = alone.features_of_photo(photo), kept.features_of_photo(photo)
        assert (set(found), set(expected)) == ({"vlad", "asmk"}, {"vlad", "sift"})
        np.testing.assert_array_equal(found["vlad"].descriptors, expected["vlad"].descriptors)

    def test_two_codebooks_of_two_settings_have_a_source_each(self, write_codebook, tmp_path):
        one = write_codebook(tmp_path / "one", "vlad", **SMALL_SIFT)
        other = write_codebook(tmp_path / "other", "asmk", max_keypoints=10)
        built = extractors.build(
            thumbnails({"vlad": {"codebook": one.path}, "asmk": {"codebook": other.path}})
        )
        assert len(built.from_photo) == 2

    def test_only_keeps_what_its_kinds_need(self, photograph):
        built = extractors.build(thumbnails({"sift": {}, "vlad": {}}))
        photo = images.decode(photograph(1), built.photos)
        assert set(built.only({"vlad"}).features_of_photo(photo)) == {"vlad"}
        assert set(built.only({"vlad"}).empty) == {"vlad"}
        assert built.only({"sift"}).derived == {}
        assert built.only(()).features_of_photo(photo) == {}

    def test_a_codebook_from_another_recipe_is_refused(self, write_codebook, tmp_path):
        file = write_codebook(tmp_path / "words", "vlad", **SMALL_SIFT)
        local = {"sift": {**SMALL_SIFT, "max_keypoints": 20}, "vlad": {"codebook": file.path}}
        with pytest.raises(ConfigError) as error:
            extractors.build(thumbnails(local))
        sentence = str(error.value)
        assert "words' is a codebook from another recipe" in sentence
        assert "local.sift.max_keypoints: 30, not 20; give the recipe these settings" in sentence
        assert "`retrieve fit-codebook PHOTOS --kind vlad --out FILE`" in sentence

    def test_the_packaged_codebook_is_refused_with_other_sift(self):
        for kind in ("vlad", "asmk"):
            with pytest.raises(ConfigError, match="max_side_px: 800, not 400"):
                extractors.build(thumbnails({"sift": {"max_side_px": 400}, kind: {}}))

    def test_equal_settings_are_equal_whatever_the_codebook_left_unsaid(self, unit, tmp_path):
        Codebook(unit(4), Note("vlad", "sift", {"max_keypoints": 500})).write(tmp_path / "words")
        local = {"sift": {}, "vlad": {"codebook": str(tmp_path / "words")}}
        assert extractors.build(thumbnails(local)).kept == ("sift", "vlad")

    def test_the_digest_changes_with_the_codebook_and_not_with_its_place(self, write_codebook, tmp_path):
        digests = []
        for name, seed in (("one", 0), ("copy", 0), ("other", 1)):
            file = write_codebook(tmp_path / name, "vlad", seed=seed)
            digests.append(thumbnails({"vlad": {"codebook": file.path}}).digest)
        assert digests[0] == digests[1] != digests[2]
        assert thumbnails({"vlad": {}}).digest not in digests


class TestOtherNetworks:
    def recipe(self, **local):
        return recipe_files.resolve(recipe.from_plain({"global": NETWORK, "local": local}))

    def projection(self, path, network):
        axes = np.eye(1280, 4, dtype=np.float32)
        Projection(np.zeros(1280, np.float32), axes, Note("patch", network=network)).write(path)
        return str(path)

    def test_a_projection_of_another_network_is_refused(self, tmp_path):
        ours = Network.of(self.recipe())
        file = self.projection(tmp_path / "ours", ours)
        assert extractors.build(self.recipe(patch={"projection": file})).empty["patch"].descriptors.shape == (
            0,
            4,
        )
        for network in (
            Network("resnet50", ours.weights),
            Network(ours.backbone, "ab" * 32),
            Network(ours.backbone, ours.weights, "ab" * 32),
        ):
            file = self.projection(tmp_path / "other", network)
            with pytest.raises(ConfigError, match="is a projection from another recipe: it was fitted on"):
                extractors.build(self.recipe(patch={"projection": file}))

    def test_words_of_patches_are_of_one_network(self, unit, tmp_path):
        ours = Network.of(self.recipe())
        for network in (ours, Network("resnet50", "ab" * 32)):
            path = tmp_path / network.backbone
            Codebook(unit(4, 1280), Note("asmk", "patch", {"grid": 3}, network)).write(path)
        built = extractors.build(self.recipe(asmk={"codebook": str(tmp_path / ours.backbone)}))
        assert (built.kept, len(built.from_map)) == (("asmk",), 1)
        assert built.features_of_map(np.ones((1280, 3, 3), np.float32))["asmk"].scores.sum() == 9
        with pytest.raises(ConfigError, match="fitted on resnet50"):
            extractors.build(self.recipe(asmk={"codebook": str(tmp_path / "resnet50")}))

    def test_words_of_projected_patches_need_the_projection(self, unit, tmp_path):
        ours = Network.of(self.recipe())
        file = self.projection(tmp_path / "p", ours)
        config = {"grid": 3, "projection": {"sha256": weight_files.sha256_of(tmp_path / "p")}}
        Codebook(unit(5, 4), Note("asmk", "patch", config, ours)).write(tmp_path / "words")
        asmk = {"codebook": str(tmp_path / "words")}
        built = extractors.build(self.recipe(asmk=asmk, patch={"grid": 3, "projection": file}))
        assert built.derived["asmk"].reads == "patch"
        with pytest.raises(ConfigError, match="add patch to --local, e.g. --local patch,asmk"):
            extractors.build(self.recipe(asmk=asmk))
