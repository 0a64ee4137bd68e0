"""One shot or two: pixels agree for copies of real photographs, not for other places or small details."""

import cv2
import numpy as np
import pytest

from extract.photos import Photos
from retrieval import same_shot
from retrieval.same_shot import SAME, Shot, correlation

PLACES = ("astronaut-00", "chelsea-01", "coffee-10", "china-10")


@pytest.fixture(scope="module")
def shots(places):
    photos = Photos.read(places.index)
    paths = dict(zip(photos.ids, photos.paths, strict=True))
    return {name: same_shot.read(paths[f"{name}-a"]) for name in PLACES}


def cropped(shot, share):
    """Cut the top left part of a picture, `share` of each side."""
    height, width = shot.grey.shape
    return Shot.of(np.ascontiguousarray(shot.grey[: int(height * share), : int(width * share)]))


def scaled(shot, factor):
    return Shot.of(cv2.resize(shot.grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def test_a_picture_agrees_with_itself(shots):
    for shot in shots.values():
        assert correlation(shot, shot) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    "copy",
    [
        lambda shot: cropped(shot, 0.8),
        lambda shot: scaled(cropped(shot, 0.9), 0.7),
        lambda shot: Shot.of(cv2.copyMakeBorder(shot.grey, 9, 9, 9, 9, cv2.BORDER_CONSTANT)),
        lambda shot: Shot.of((shot.grey * 0.6 + 40).astype(np.uint8)),
    ],
    ids=["crop", "scaled crop", "border", "tone"],
)
def test_a_copy_agrees_with_its_original_alone(copy, shots):
    for name, shot in shots.items():
        made = copy(shot)
        assert {other for other in PLACES if correlation(made, shots[other]) >= SAME} == {name}
        # Whichever of the two comes first.
        assert correlation(shot, made) >= SAME


def test_a_mirrored_copy_agrees_once_it_is_turned_back(shots):
    for shot in shots.values():
        turned = cropped(shot, 0.8).mirrored()
        assert correlation(turned.mirrored(), shot) >= SAME
    assert correlation(cropped(shots["chelsea-01"], 0.8).mirrored(), shots["chelsea-01"]) < SAME


def test_a_detail_is_not_the_shot(shots):
    # A quarter of the picture; two shots of one place may share as much.
    for shot in shots.values():
        assert correlation(cropped(shot, 0.5), shot) == 0.0


def test_a_picture_without_keypoints_agrees_with_nothing(shots):
    flat = Shot.of(np.full((40, 60), 90, np.uint8))
    assert not len(flat.points)
    for shot in shots.values():
        assert correlation(flat, shot) == correlation(shot, flat) == 0.0
