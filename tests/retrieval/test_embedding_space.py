"""A space of labelled photographs: it grows at any time, classifies, and says what it does not know."""

import dataclasses
import shutil

import numpy as np
import pytest

from extract import recipe as recipes
from extract import run
from extract.errors import PhotoError, PhotosError, RecipeMismatchError, StoreError
from extract.photos import Photos
from extract.store import DescriptorStore
from retrieval import EmbeddingSpace
from retrieval.engine import Engine


def vector(*places):
    """A vector of the thumbnails' length with ones in these places."""
    values = np.zeros(192)
    values[list(places)] = 1.0
    return values


def by_scene(photos):
    """Label photographs by the picture that they are cut from."""
    scenes = ("astronaut", "coffee", "chelsea", "rocket")
    labels = tuple(scenes[int(name.removesuffix(".jpg")) % 4] for name in photos.ids)
    return dataclasses.replace(photos, labels=labels)


@pytest.fixture
def space(tmp_path, thumbnails):
    return EmbeddingSpace.create(tmp_path / "s", thumbnails)


@pytest.fixture(scope="module")
def filled(tmp_path_factory, write_photos, thumbnails):
    """A store of parts of four pictures, labelled by the picture, and other parts of them to ask with."""
    folder = tmp_path_factory.mktemp("filled")
    run.run(by_scene(write_photos(folder / "known", 40)), thumbnails, folder / "store")
    return folder / "store", by_scene(write_photos(folder / "asked", 24, first=40))


def test_an_empty_space_says_what_it_lacks(space, photograph, tmp_path):
    (tmp_path / "a.jpg").write_bytes(photograph(0))
    with pytest.raises(StoreError, match="has a label; index a CSV with the columns id, file, label"):
        space.classify(tmp_path / "a.jpg")


def test_photographs_join_and_are_found_at_distance_zero(space, photograph, tmp_path):
    for number, label in ((0, "astronaut"), (1, "coffee")):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(photograph(number))
        assert space.add(file, label) == str(file)
    found = space.classify(tmp_path / "1.jpg", k=1)
    assert (found.label, found.neighbours[0].id) == ("coffee", str(tmp_path / "1.jpg"))
    # Stored in half precision.
    assert found.distance < 1e-3
    assert found.chance is None


def test_vectors_join_at_length_one_and_it_is_opened_and_added_to_again(space):
    space.add(10 * vector(0), "a")
    again = EmbeddingSpace.open(space.store.path)
    name = again.add(vector(1), "b")
    assert name.startswith("vector ")
    found = EmbeddingSpace.open(space.store.path).classify(vector(0, 1, 2), k=2)
    # (1, 1, 1) / sqrt(3) and (1, 0, 0): sqrt(2 - 2 / sqrt(3)) = .9194; a and b are equally far, a came first.
    assert found.label == "a"
    assert [one.distance for one in found.neighbours] == pytest.approx([0.9194, 0.9194], abs=1e-4)


def test_what_has_the_same_name_is_replaced(space):
    space.add(vector(0), "a", name="thing")
    space.add(vector(0), "b", name="thing")
    assert len(space) == 1
    assert space.classify(vector(0)).label == "b"
    # The same vector without a name is the same thing each time.
    space.add(vector(1), "c")
    space.add(vector(1), "c")
    assert len(space) == 2


def test_a_vector_is_found_by_the_engine_too(space):
    space.add(vector(0), "a", name="mine")
    engine = Engine.open(space.store.path)
    assert engine.rows_by_id == {"mine": 0}
    assert engine.index.search(vector(0)[None].astype(np.float32), 1).rows.tolist() == [[0]]


def test_a_vector_joins_a_store_with_local_features(tmp_path, thumbnails_and_sift):
    space = EmbeddingSpace.create(tmp_path / "s", thumbnails_and_sift)
    space.add(vector(0), "a")
    store = DescriptorStore.open(tmp_path / "s")
    assert len(store.features("sift", np.array([0]))[0]) == 0
    store.verify()


@pytest.mark.parametrize(
    ("bad", "words"),
    [(np.ones(3), r"a vector of this space is \(192,\)"), (vector(), "no direction"),
     (vector(0) * np.nan, "finite"), (vector(0) * 1e6, "half precision")],
)  # fmt: skip
def test_a_vector_that_does_not_fit_is_refused_and_nothing_is_written(space, bad, words):
    with pytest.raises(ValueError, match=words):
        space.add(bad, "a")
    with pytest.raises(ValueError, match="label that is not empty"):
        space.add(vector(0), "")
    assert DescriptorStore.open(space.store.path).revision == 0


def test_a_broken_photograph_is_refused_and_nothing_is_written(space, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(PhotoError, match=r"cannot read '.*a\.jpg'"):
        space.add(tmp_path / "a.jpg", "a")
    assert DescriptorStore.open(space.store.path).revision == 0


def test_another_recipe_is_refused(space):
    path = space.store.path
    with pytest.raises(StoreError, match="there is a space at"):
        EmbeddingSpace.create(path)
    other = recipes.from_plain({"global": {"kind": "thumbnail", "side_px": 4}})
    with pytest.raises(RecipeMismatchError, match=r"side_px: 8, not 4"):
        EmbeddingSpace.open(path, other)


def test_every_store_with_labels_is_a_space(filled):
    path, queries = filled
    space = EmbeddingSpace.open(path)
    right = [space.classify(file, k=1).label == label
             for file, label in zip(queries.paths[:8], queries.labels[:8], strict=True)]  # fmt: skip
    assert np.mean(right) > 0.5


def test_calibrated_it_knows_its_own_and_not_the_others(filled, tmp_path):
    path, queries = filled
    shutil.copytree(path, tmp_path / "s")
    space = EmbeddingSpace.open(tmp_path / "s")
    calibration = space.calibrate(queries, k=1, precision=0.5)
    assert calibration.precision > calibration.precision_low >= 0.5
    again = EmbeddingSpace.open(tmp_path / "s")
    own = again.classify_vectors(again.labelled.vectors[:20])
    assert all(one.is_known and one.chance > 0.5 for one in own)
    far = again.classify(np.random.default_rng(0).standard_normal(192))
    assert far.answer == "unknown"
    # Fitted for the vote of one alone.
    assert again.classify_vectors(again.labelled.vectors[:1], k=3)[0].chance is None


def test_photographs_of_other_labels_cannot_calibrate(filled):
    path, queries = filled
    space = EmbeddingSpace.open(path)
    with pytest.raises(PhotosError, match="no photograph to calibrate on has a label of the space"):
        space.calibrate(Photos(queries.ids[:2], queries.paths[:2], ("no", "none"), queries.metadata[:2]))
    name, label = space.labelled.ids[0], space.labelled.labels[0]
    other = next(one for one in space.classes if one != label)
    with pytest.raises(PhotosError, match=f"has the label {other!r}, and {label!r} in the space"):
        space.calibrate(Photos((name,), queries.paths[:1], (other,), ({},)))


def test_unseen_classes_are_asked_for_and_seen_ones_refused(filled, tmp_path, thumbnails):
    _, queries = filled
    space = EmbeddingSpace.create(tmp_path / "s", thumbnails)
    space.add(vector(0), "something else")
    names, right = space.k_shot(queries, 2, seed=1)
    assert len(names) == len(queries) - 2 * len(set(queries.labels))
    assert right.mean() > 1 / len(set(queries.labels))
    # Nothing of it is kept.
    assert len(EmbeddingSpace.open(tmp_path / "s")) == 1
    space.add(vector(1), queries.labels[0])
    with pytest.raises(PhotosError, match="classes that it has not seen"):
        space.k_shot(queries, 2)


def test_many_photographs_join_at_once(space, write_photos, tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    with pytest.raises(PhotosError, match=r"'000\.jpg' has no label"):
        space.add_photos(photos)
    labelled = Photos(photos.ids, photos.paths, ("a", "b", "a"), photos.metadata)
    assert space.add_photos(labelled).described == 3
    assert (len(space), space.classes) == (3, ("a", "b"))


@pytest.mark.parametrize("as_json", [False, True])
def test_the_commands_calibrate_and_classify(filled, tmp_path, run_here, as_json):
    path, queries = filled
    shutil.copytree(path, tmp_path / "s")
    listed = tmp_path / "held.csv"
    lines = [",".join(one) for one in zip(queries.ids, queries.paths, queries.labels, strict=True)]
    listed.write_text("\n".join(["id,file,label", *lines]))
    done = run_here("classify", tmp_path / "s", queries.paths[0], "-k", 3)
    assert done.returncode == 0
    assert "of 3 votes)" in done.stdout
    assert len(done.stdout.splitlines()) == 4
    done = run_here("calibrate", tmp_path / "s", listed, "--precision", "0.99", "-k", "1")
    assert done.stdout.startswith("24 photos are no ground for a threshold with a precision of 99%")
    options = ["--json"] if as_json else []
    done = run_here("calibrate", tmp_path / "s", listed, "--precision", "0.5", "-k", "1", *options)
    assert done.returncode == 0
    assert ('"threshold"' if as_json else "is unknown; of the labels given") in done.stdout
    done = run_here("classify", tmp_path / "s", queries.paths[0], tmp_path / "absent.jpg", *options)
    assert done.returncode == 3
    assert ('"chance": 0.' if as_json else "chance 0.") in done.stdout
    assert "absent.jpg" in done.stderr
