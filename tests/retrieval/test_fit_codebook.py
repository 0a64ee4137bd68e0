"""Fitting centres and projections: a fair draw, k-means that repeats, files that indexing and queries use."""

import json
import shutil
import weakref

import numpy as np
import pytest

from extract import recipe
from extract.codebook import Codebook
from extract.errors import ConfigError, PhotosError
from extract.fitted import Note
from extract.photos import Photos
from extract.projection import Projection
from extract.store import DescriptorStore
from retrieval import fit_codebook
from retrieval.engine import Engine
from retrieval.fit_codebook import Plan, fit, sample, solve

NOTE = Note("vlad", "sift", {})


def parts_of(values, *ends):
    return np.split(values, ends)


class TestSample:
    def test_few_descriptors_are_all_taken_in_order(self):
        values = np.arange(50, dtype=np.uint8)[:, None]
        drawn, seen = sample(parts_of(values, 0, 10, 30), Plan("vlad"))
        np.testing.assert_array_equal(drawn, values)
        assert seen == 50

    def test_every_descriptor_has_the_same_chance(self, monkeypatch):
        monkeypatch.setattr(fit_codebook, "_LEAST", 40)
        monkeypatch.setattr(fit_codebook, "_PER_WORD", 1)
        counts = np.zeros(200)
        for seed in range(400):
            parts = parts_of(np.arange(200)[:, None], 15, 55, 56, 56, 150)
            drawn, seen = sample(parts, Plan("vlad", seed=seed))
            assert (drawn.shape, seen) == ((40, 1), 200)
            assert len(np.unique(drawn)) == 40
            counts[drawn[:, 0]] += 1
        # 400 draws of 40 in 200: each 80 times, give or take 8.
        assert abs(counts.mean() - 80) < 1e-9
        assert counts.min() > 50
        assert counts.max() < 110
        assert 6 < counts.std() < 10

    def test_photos_behind_a_full_sample_are_not_held(self, monkeypatch):
        monkeypatch.setattr(fit_codebook, "_LEAST", 40)
        given, held = [], []

        def photos():
            for _ in range(50):
                values = np.zeros((20, 1), np.uint8)
                given.append(weakref.ref(values))
                yield values
                del values
                held.append(sum(one() is not None for one in given))

        assert len(sample(photos(), Plan("patch"))[0]) == 40
        # The one just sampled may still have a name there.
        assert max(held[3:]) <= 1

    def test_no_photo_and_no_descriptor_are_none(self):
        assert sample([], Plan("vlad"))[0].shape[0] == 0
        assert sample([np.zeros((0, 128), np.uint8)] * 3, Plan("vlad"))[0].shape == (0, 128)


class TestSolve:
    def test_separate_heaps_are_found(self):
        rng = np.random.default_rng(0)
        # Eight directions far from each other; noise of a tenth.
        heaps = np.eye(8, 32)[rng.integers(0, 8, 800)] + rng.normal(0, 0.02, (800, 32))
        book = solve(heaps.astype(np.float32), Plan("vlad", "patch", words=8), NOTE)
        order = np.argsort(book.centres.argmax(axis=1))
        np.testing.assert_allclose(book.centres[order], np.eye(8, 32), atol=0.03)

    def test_equal_seeds_give_equal_bytes(self):
        values = np.random.default_rng(0).integers(0, 255, (500, 16), np.uint8)
        books = [solve(values, Plan("vlad", words=9, seed=seed), NOTE).centres for seed in (3, 3, 4)]
        assert books[0].tobytes() == books[1].tobytes() != books[2].tobytes()

    def test_too_few_descriptors_are_refused(self):
        values = np.ones((15, 16), np.uint8)
        with pytest.raises(ConfigError, match="16 words need as many descriptors or more, .* give 15; lower"):
            solve(values, Plan("vlad", words=16), NOTE)

    def test_blank_descriptors_do_not_count(self):
        values = np.concatenate([np.ones((15, 16)), np.zeros((9, 16))]).astype(np.uint8)
        with pytest.raises(ConfigError, match="give 15"):
            solve(values, Plan("vlad", words=16), NOTE)


class TestFit:
    @pytest.fixture(scope="class")
    @staticmethod
    def photos(places):
        return Photos.read(places.index).select(range(12))

    @pytest.fixture(scope="class")
    @staticmethod
    def lite0():
        return recipe.from_plain({"global": {"backbone": "tf_efficientnet_lite0", "size_px": 96}})

    def test_words_of_sift_need_no_network_and_say_what_they_are_of(self, photos, small_recipe, monkeypatch):
        monkeypatch.setattr("extract.timm_backbone.load", None)
        with_network = recipe.from_plain({"local": {"sift": {"max_keypoints": 300}}})
        for own in (small_recipe, with_network):
            fitted = fit(photos, own, Plan("vlad", words=8))
            note = fitted.result.note
            assert fitted.result.centres.shape == (8, 128)
            assert (note.kind, note.source, note.config["max_keypoints"]) == ("vlad", "sift", 300)
            assert note.network is None
            assert (note.more["photos"], note.more["seed"]) == ("12", "0")

    def test_a_projection_and_words_of_patches_name_their_network(self, photos, lite0, tmp_path):
        fitted = fit(photos, lite0, Plan("patch", "patch", dim=16))
        assert isinstance(fitted.result, Projection)
        assert fitted.result.note.network.backbone == "tf_efficientnet_lite0"
        fitted.result.write(tmp_path / "p")
        local = {"patch": {"projection": str(tmp_path / "p")}}
        projected = recipe.from_plain({"global": lite0.to_plain()["global"], "local": local})
        words = fit(photos, projected, Plan("asmk", "patch", words=10)).result
        assert isinstance(words, Codebook)
        assert words.centres.shape == (10, 16)
        assert (words.note.network, words.note.source) == (fitted.result.note.network, "patch")
        assert set(words.note.config["projection"]) == {"sha256"}

    def test_broken_photos_are_told(self, photos, small_recipe, tmp_path):
        paths = (str(tmp_path / "none.jpg"), *photos.paths[1:])
        broken = Photos(photos.ids, paths, photos.labels, photos.metadata)
        fitted = fit(broken, small_recipe, Plan("vlad", words=4))
        assert [photo for photo, _ in fitted.failures] == [photos.ids[0]]
        assert fitted.result.note.more["photos"] == "11"

    def test_no_readable_photo_is_one_sentence(self, small_recipe, tmp_path):
        (tmp_path / "a.jpg").write_bytes(b"no photograph")
        with pytest.raises(PhotosError, match=r"^none of the 1 photos can be read, e\.g\. a\.jpg: "):
            fit(Photos.from_folder(tmp_path), small_recipe, Plan("vlad"))

    def test_patches_need_a_network(self, photos, small_recipe):
        with pytest.raises(ConfigError, match="take a recipe with a network"):
            fit(photos, small_recipe, Plan("patch", "patch"))


@pytest.fixture(scope="module")
def fitted(retrieve, places, recipe_file, tmp_path_factory):
    """A codebook that the command line fitted, and what it said."""
    path = tmp_path_factory.mktemp("words") / "vlad.words"
    done = retrieve(
        "fit-codebook", places.index, "--kind", "vlad", "--words", 8, "--out", path,
        "--recipe", recipe_file, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path, json.loads(done.stdout)


def test_the_command_says_what_it_made(fitted):
    path, said = fitted
    assert (said["file"], said["kind"], said["from"], said["words"]) == (str(path), "vlad", "sift", 8)
    assert int(said["drawn"]) == int(said["descriptors"]) > 1000
    assert Codebook.read(path).centres.shape == (8, 128)


def test_a_store_keeps_the_codebook_and_a_query_needs_no_stored_sift(
    retrieve, fitted, places, recipe_file, tmp_path
):
    path = tmp_path / "words"
    shutil.copy(fitted[0], path)
    arguments = ["index", places.index, "--store", tmp_path / "S", "--recipe", recipe_file, "--local", "vlad"]
    done = retrieve(*arguments, "--codebook", path, "--json")
    assert done.returncode == 0, done.stderr
    path.unlink()
    engine = Engine.open(tmp_path / "S")
    assert list(engine.recipe.local) == ["vlad"]
    photo = Photos.read(places.index).select([3])
    described = engine.describe(photo, engine.chain("vlad"))
    assert set(described.queries.features) == {"vlad"}
    stored = DescriptorStore.open(tmp_path / "S").features("vlad", np.array([3]))
    np.testing.assert_array_equal(described.queries.features["vlad"].descriptors, stored.descriptors)
    assert stored.descriptors.shape == (1, 1024)
    assert describe_without_features(engine, photo) == {}


def describe_without_features(engine, photo):
    return engine.describe(photo, engine.chain("none")).queries.features


BAD = {
    "for a descriptor that is not kept": (["--local", "sift"], "which the recipe does not keep; add --local"),
    "of other settings": (
        ["--local", "sift,vlad", "--set", "local.sift.max_keypoints=50"],
        "local.sift.max_keypoints: 300, not 50",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_codebook_that_does_not_fit_is_one_sentence(retrieve, fitted, places, recipe_file, tmp_path, case):
    arguments, expected = BAD[case]
    done = retrieve(
        "index", places.index, "--store", tmp_path / "S", "--recipe", recipe_file,
        "--codebook", fitted[0], *arguments,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert expected in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--kind", "patch", "--words", "5"], "--from and --words are for codebooks"),
        (["--kind", "vlad", "--dim", "5"], "--dim is for --kind patch"),
        (["--kind", "sift"], "'sift' is not one of"),
    ],
)
def test_misuse_exits_with_2(retrieve, places, tmp_path, arguments, expected):
    done = retrieve("fit-codebook", places.index, "--out", tmp_path / "w", *arguments)
    assert done.returncode == 2
    assert expected in done.stderr
