import numpy as np
import pytest

from extract import recipe as recipes
from extract import run
from extract.photos import Photos
from extract.store import DescriptorStore
from train.broken import BrokenPhotos
from train.errors import TrainingError
from train.plan import Planned
from train.pooled import STORE_NAME, batches, describe
from train.split import hold_back


@pytest.fixture
def labelled(tmp_path, write_photos):
    photos = write_photos(tmp_path / "photos", 6)
    (tmp_path / "photos" / "004.jpg").write_bytes(b"no picture")
    return Photos(photos.ids, photos.paths, tuple("aaabbb"), photos.metadata)


def made(photos, vectors, places):
    split = hold_back(photos, 0.0, 0)
    broken = BrokenPhotos(len(photos))
    return next(batches(split, vectors, [Planned(0, np.array(places))], broken)), broken


def test_batches_are_the_stored_vectors_of_their_photos(tmp_path, labelled, thumbnails):
    vectors = describe(labelled, thumbnails, tmp_path)
    stored = DescriptorStore.open(tmp_path / STORE_NAME).vectors()
    # Place 8 is photo 8 - 6 = 2 in its second view.
    batch, _ = made(labelled, vectors, [0, 5, 8])
    assert (batch.inputs.numpy() == stored[[0, 5, 2]]).all()
    assert batch.labels.tolist() == [0, 1, 0]
    assert batch.ids == ("000.jpg", "005.jpg", "002.jpg")


def test_next_photo_of_the_class_stands_in_for_a_broken_one(tmp_path, labelled, thumbnails):
    batch, broken = made(labelled, describe(labelled, thumbnails, tmp_path), [4, 1])
    assert batch.ids == ("005.jpg", "001.jpg")
    assert [photo_id for photo_id, _ in broken.failures] == ["004.jpg"]


def test_class_of_broken_photos_alone_is_refused(tmp_path, labelled, thumbnails):
    photos = Photos(labelled.ids, labelled.paths, tuple("aaacbb"[:3] + "bcb"), labelled.metadata)
    with pytest.raises(TrainingError, match="no photo of the class 'c'"):
        made(photos, describe(photos, thumbnails, tmp_path), [0])


def test_second_call_describes_nothing_again(tmp_path, labelled, thumbnails):
    first = describe(labelled, thumbnails, tmp_path)
    started = []
    second = describe(labelled, thumbnails, tmp_path, on_start=started.append)
    assert started == [0]
    assert (first.vectors == second.vectors).all()


def test_vectors_of_a_given_store_of_the_same_recipe_are_taken(tmp_path, labelled, thumbnails):
    run.run(labelled, thumbnails, tmp_path / "given.store")
    vectors = describe(labelled, thumbnails, tmp_path / "run", given=tmp_path / "given.store")
    assert not (tmp_path / "run").exists()
    assert (vectors.vectors == DescriptorStore.open(tmp_path / "given.store").vectors()).all()


def test_given_store_of_another_recipe_is_not_used(tmp_path, labelled, thumbnails):
    other = recipes.from_plain({"global": {"kind": "thumbnail", "side_px": 4}})
    run.run(labelled, other, tmp_path / "given.store")
    assert describe(labelled, thumbnails, tmp_path, given=tmp_path / "given.store").vectors.shape == (6, 192)


def test_selected_vectors_follow_their_photos(tmp_path, labelled, thumbnails):
    vectors = describe(labelled, thumbnails, tmp_path)
    part = vectors.select(["005.jpg", "004.jpg"])
    assert (part.vectors == vectors.vectors[[5, 4]]).all()
    assert part.reasons[0] == ""
    assert part.reasons[1]
