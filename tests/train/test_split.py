import logging
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.photos import Photos
from train.errors import TrainingError
from train.split import hold_back


def photos_of(labels, splits=None):
    count = len(labels)
    metadata = tuple({"split": split} for split in splits) if splits else ({},) * count
    ids = tuple(f"p{place}" for place in range(count))
    return Photos(ids, ids, tuple(labels), metadata)


@given(
    labels=st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=60),
    share=st.floats(0, 0.9),
    seed=st.integers(0, 2**32),
)
def test_classes_of_validation_are_whole_and_not_trained_on(labels, share, seed):
    photos = photos_of(labels)
    if len(set(labels)) < 2:
        with pytest.raises(TrainingError):
            hold_back(photos, share, seed)
        return
    split = hold_back(photos, share, seed)
    assert not set(split.train.labels) & set(split.validation.labels)
    assert sorted(split.train.ids + split.validation.ids) == sorted(photos.ids)
    assert len(set(split.train.labels)) >= 2
    assert all(count > 1 for count in Counter(split.validation.labels).values())
    assert len(set(split.validation.labels)) != 1


def test_share_counts_classes():
    # 20 classes of 2 photos: .15 of them are 3 classes, 6 photos.
    split = hold_back(photos_of([f"c{place // 2:02d}" for place in range(40)]), 0.15, 0)
    assert len(set(split.validation.labels)) == 3
    assert len(split.validation) == 6
    assert len(split.classes) == 17


def test_seed_draws_the_classes():
    photos = photos_of([f"c{place // 2:02d}" for place in range(40)])
    held = [set(hold_back(photos, 0.2, seed).validation.labels) for seed in (1, 1, 2)]
    assert held[0] == held[1] != held[2]


def test_labels_are_numbered_in_the_order_of_classes():
    split = hold_back(photos_of(["dom", "arch", "dom", "tower"]), 0.0, 0)
    assert split.classes == ("arch", "dom", "tower")
    assert split.labels.tolist() == [1, 0, 1, 2]
    assert split.class_sizes == (1, 2, 1)


def test_too_few_classes_to_hold_any_back_are_told(caplog):
    split = hold_back(photos_of("aabbcc"), 0.15, 0)
    assert not len(split.validation)
    assert "3 classes" in caplog.text


def test_class_with_one_photo_stays_in_training_and_is_told(caplog):
    split = hold_back(photos_of("aaabbbccdde"), 0.3, 0)
    assert "e" in split.classes
    assert "1 classes have one photo, first 'e'" in caplog.text


def test_one_class_is_refused(caplog):
    with pytest.raises(TrainingError, match=r"at least two classes, got 1 \('a'\); give photos of more"):
        hold_back(photos_of("aaa"), 0.15, 0)
    assert not caplog.text


def test_column_split_decides_and_test_is_left_out(caplog):
    caplog.set_level(logging.INFO)
    photos = photos_of("aabbcca", ["train", "", "train", "Validation", "validation", "test", "validation"])
    split = hold_back(photos, 0.5, 0)
    assert split.train.ids == ("p0", "p1", "p2")
    assert split.validation.ids == ("p3", "p4", "p6")
    assert "3 photos of 3 classes are for validation" in caplog.text
    assert "2 of these classes are trained on too" in caplog.text


def test_unknown_use_is_refused_with_its_photo():
    with pytest.raises(TrainingError, match="photo 'p1' has 'dev' in the column split"):
        hold_back(photos_of("ab", ["train", "dev"]), 0.0, 0)


def test_without_labels_each_photo_is_a_class_and_labels_serve_validation():
    photos = photos_of(["a", "a", "", "b", "b", "", "c", "c", "c"])
    split = hold_back(photos, 0.5, 0, labels=False)
    assert split.classes == split.train.ids
    assert split.labels.tolist() == list(range(len(split.train)))
    assert {"p2", "p5"} <= set(split.train.ids)
    assert len(set(split.validation.labels)) == 2
    assert np.array(split.class_sizes).tolist() == [1] * len(split.train)
