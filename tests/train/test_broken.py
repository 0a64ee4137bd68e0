import pytest

from train.broken import BrokenPhotos
from train.errors import TrainingError


def test_failures_are_named_once_and_sorted():
    broken = BrokenPhotos(10, known=[("c", "empty file")])
    broken.add([("b", "cut off"), ("a", "no such file")])
    broken.add([("b", "cut off")])
    assert broken.failures == (("a", "no such file"), ("b", "cut off"), ("c", "empty file"))


def test_more_than_half_are_too_many():
    broken = BrokenPhotos(4)
    broken.add([("a", "cut off"), ("b", "cut off")])
    with pytest.raises(TrainingError, match=r"3 of 4 photos cannot be read \('a': cut off; 'b'"):
        broken.add([("c", "cut off")])


def test_class_without_a_photo_is_named():
    broken = BrokenPhotos(10, known=[("a", "cut off")])
    with pytest.raises(TrainingError, match="no photo of the class 'dom' can be read \\('a': cut off\\)"):
        broken.refuse_class("dom")
