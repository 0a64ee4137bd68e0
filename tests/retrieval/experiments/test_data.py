"""The cuts: classes and photographs by place or by seed, and the layouts that are read."""

import pytest

from extract.errors import PhotosError
from extract.photos import Photos
from retrieval.experiments import _data


@pytest.fixture
def photos():
    ids = tuple(f"{label}/{place}" for label in ("10", "9") for place in range(6))
    return Photos(ids, ids, tuple(name.split("/")[0] for name in ids), ({},) * len(ids))


def test_classes_that_are_numbers_stand_by_value(photos):
    assert _data.classes_of(photos) == ["9", "10"]


def test_places_of_each_class_are_kept_in_order(photos):
    assert _data.per_class(photos, 4, None).ids == ("10/4", "10/5", "9/4", "9/5")
    assert _data.per_class(photos, 0, -5).ids == ("10/0", "9/0")


def test_fewer_photographs_of_a_seed_are_among_the_more(photos):
    few, many = (set(_data.drawn_per_class(photos, count, 3).ids) for count in (2, 4))
    assert few < many
    assert len(few) == 4
    assert few != set(_data.drawn_per_class(photos, 2, 4).ids)
    assert len(_data.drawn_per_class(photos, 100, 3)) == 12


def test_what_is_left_out_and_joined_is_the_whole(photos):
    some = _data.per_class(photos, 0, 2)
    assert set(_data.joined(some, _data.without(photos, some)).ids) == set(photos.ids)


def test_groceries_are_read_with_both_splits(tmp_path):
    folder = tmp_path / "finegrained"
    folder.mkdir()
    (folder / "labels.csv").write_text("file,label,split,zs_split\nimages/a.jpg,3,train,test\n")
    read = _data.groceries(tmp_path)
    assert read.paths == (str(folder / "images/a.jpg"),)
    assert _data.where(read, "zs_split", "test").labels == ("3",)
    assert len(_data.where(read, "split", "test")) == 0
    with pytest.raises(PhotosError, match="no small set"):
        _data.groceries(tmp_path / "gone")


def test_tiny_imagenet_gives_training_photographs_of_drawn_classes(tmp_path):
    (tmp_path / "wnids.txt").write_text("n1\nn2\nn3\n")
    for name in ("n1", "n2", "n3"):
        (tmp_path / "train" / name / "images").mkdir(parents=True)
        (tmp_path / "train" / name / "images" / f"{name}_0.JPEG").write_bytes(b"")
    (tmp_path / "val" / "images").mkdir(parents=True)
    (tmp_path / "val" / "images" / "val_0.JPEG").write_bytes(b"")
    (tmp_path / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn1\t0\t0\t1\t1\n")
    assert len(_data.tiny_imagenet_classes(tmp_path, 0)) == 3
    drawn = _data.tiny_imagenet_classes(tmp_path, 2)
    assert len(set(drawn.labels)) == 2
    assert all(name.startswith("train/") for name in drawn.ids)
    with pytest.raises(PhotosError, match="needs 4"):
        _data.tiny_imagenet_classes(tmp_path, 4)
