import numpy as np
import pytest

from evaluate.figures import Figure
from extract.photos import Photos
from train.errors import TrainingError
from train.judge import Judged, at_most, judge

# Directions in degrees; a photo asks all others, nearest first.
ANGLES = np.radians([0, 10, 25, 90, 100])
VECTORS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)


def test_figure_is_that_of_each_photo_asking_all_others():
    # 0 asks: 10 (a), 25 (b), 90 (b), 100 (b): its one a is first, 1. 10 asks: 0 (a) first, 1.
    # 25 (b) asks: 10 (a), 0 (a), 90 (b), 100 (b): (1/3 + 2/4) / 2 = 5/12.
    # 90 asks: 100 (b), 25 (b): 1. 100 asks: 90 (b), 25 (b): 1.
    judged = judge(VECTORS, ["a", "a", "b", "b", "b"], "map@100")
    assert judged.metric == "map@100"
    assert judged.figure.value == pytest.approx((4 + 5 / 12) / 5)
    assert judged.figure.queries == 5
    assert judged.figure.low <= judged.figure.value <= judged.figure.high


def test_photo_that_is_alone_in_its_class_is_left_out():
    # Without the photo at 25 degrees each finds its own first.
    judged = judge(VECTORS, ["a", "a", "alone", "b", "b"], "map@100")
    assert judged.figure.value == 1.0
    assert judged.figure.queries == 4


def test_cosine_leaves_lengths_aside_and_l2_does_not():
    labels = ["a", "a", "a", "b", "b"]
    longer = VECTORS * np.array([[1], [50], [1], [1], [1]], np.float32)
    assert judge(longer, labels, "map@100").figure == judge(VECTORS, labels, "map@100").figure
    assert judge(longer, labels, "map@100", distance="l2").figure != judge(VECTORS, labels, "map@100").figure


def test_metric_of_all_ranks_and_one_that_is_no_mean_have_intervals():
    for metric in ("map@r", "knn-f1"):
        figure = judge(VECTORS, ["a", "a", "b", "b", "b"], metric).figure
        assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_one_class_is_refused():
    with pytest.raises(TrainingError, match="two classes with two photos each, got 1"):
        judge(VECTORS, ["a", "a", "a", "b", "c"], "map@100")


def test_zero_embedding_is_refused():
    with pytest.raises(TrainingError, match="has no direction"):
        judge(VECTORS * 0, ["a", "a", "a", "b", "b"], "map@100")


def test_better_is_larger_but_where_smaller_is():
    def of(value, lower_is_better=False):
        return Judged("some", Figure(value, 0, 1, 9), lower_is_better)

    assert of(0.1).is_better_than(None)
    assert of(0.3).is_better_than(of(0.2))
    assert not of(0.2).is_better_than(of(0.2))
    assert of(0.2, True).is_better_than(of(0.3, True))


def photos_of(labels):
    ids = tuple(map(str, range(len(labels))))
    return Photos(ids, ids, tuple(labels), ({},) * len(labels))


def test_no_more_photos_than_asked_are_drawn_evenly_over_classes():
    # 4 classes of 10, 10, 3 and 1: 9 are drawn, 3 of each class that has two or more.
    drawn = at_most(photos_of("a" * 10 + "b" * 10 + "ccc" + "d"), 9, 0)
    assert sorted(drawn.labels) == list("aaabbbccc")
    assert list(drawn.ids) == sorted(drawn.ids, key=int)


def test_photos_are_drawn_in_pairs_where_not_all_classes_fit():
    drawn = at_most(photos_of([f"c{row // 4}" for row in range(40)]), 6, 1)
    assert sorted(np.unique(drawn.labels, return_counts=True)[1]) == [2, 2, 2]


def test_few_photos_are_all_kept():
    photos = photos_of("aabbb")
    assert at_most(photos, 100, 0) == photos
