"""The look at turn, scale and shift: what it counts, and that it costs no verified pair."""

import dataclasses

import numpy as np
import pytest

from extract.features import pack
from rerank import geometric
from rerank.agreement import ENOUGH, most_agreeing
from rerank.methods import sift_geometric


def keypoints(count, seed):
    """Keypoints all over a picture of 1000 x 750 pixels, of 2 to 40 pixels, at any angle."""
    rng = np.random.default_rng(seed)
    places = rng.uniform((0, 0, 2, 0), (1000, 750, 40, 360), (count, 4))
    return places.astype(np.float32)


def moved(points, scale, turn, shift):
    """Apply a similarity; `turn` in degrees."""
    angle = np.deg2rad(turn)
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = points[:, :2] @ rotation.T + shift
    return np.column_stack([places, points[:, 2] * scale, (points[:, 3] + turn) % 360]).astype(np.float32)


def ratios_of(points):
    return np.linspace(0.3, 0.8, len(points)).astype(np.float32)


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("turn", [0, 45, 180, 350])
@pytest.mark.parametrize("count", [1, 2, 80, 300])
def test_all_matches_of_a_similarity_agree(scale, turn, count):
    points = keypoints(count, count)
    assert most_agreeing(points, moved(points, scale, turn, (30, -200)), ratios_of(points)) == count


def test_wrong_matches_are_not_counted_among_right_ones():
    points = keypoints(60, 0)
    other = moved(points, 1.5, 20, (10, 10))
    # every third is led to the other side of the picture, some of them at the right scale and angle
    other[::3, :2] = np.add(other[::3, :2][::-1], (700, 0))
    other[::6, 2:] *= (3, 1)
    assert 40 <= most_agreeing(points, other, ratios_of(points)) <= 43


def test_one_match_by_hand():
    # Two matches moved by 100 px and one by 300: the two agree. Then their sizes differ by more than twice,
    # or their angles by more than 45 degrees, and each stands alone.
    points = np.float32([[0, 0, 10, 0], [50, 50, 10, 0], [90, 10, 10, 0]])
    other = points + np.float32([[100, 0, 0, 0], [100, 0, 0, 0], [300, 0, 0, 0]])
    ratios = np.float32([0.5, 0.6, 0.7])
    assert most_agreeing(points, other, ratios) == 2
    assert most_agreeing(points, other * np.float32([[1, 1, 2.1, 1], [1] * 4, [1] * 4]), ratios) == 1
    assert most_agreeing(points, other + np.float32([[0, 0, 0, 50], [0] * 4, [0] * 4]), ratios) == 1


def test_nothing_agrees_without_matches():
    nothing = np.zeros((0, 4), np.float32)
    assert most_agreeing(nothing, nothing, np.zeros(0, np.float32)) == 0


def test_only_the_best_matches_are_tried_and_all_are_counted():
    # 50 matches agree and come last by ratio, behind 100 that agree on nothing: none of theirs is tried.
    points, wrong = keypoints(150, 1), keypoints(150, 2)
    other = np.concatenate([wrong[:100], moved(points[100:], 1, 0, (5, 5))])
    assert most_agreeing(points, other, np.arange(150, dtype=np.float32)) < 20
    assert most_agreeing(points, other, np.arange(150, dtype=np.float32)[::-1]) >= 50


@pytest.mark.parametrize("count", [6, 12, 25])
def test_random_matches_rarely_agree(count):
    agree = [
        most_agreeing(keypoints(count, seed), keypoints(count, 1000 + seed), ratios_of(range(count)))
        for seed in range(200)
    ]
    assert np.mean(np.array(agree) >= ENOUGH) < 0.05


@pytest.fixture(scope="module")
def verified(scene, second_view, describe):
    """Count the inliers of a photograph with a second view of it, or of another."""
    size = np.array([400, 300], np.int32)

    def call(query, view, seed, *, oriented):
        geometry = sift_geometric.build(sift_geometric.Config()).geometry
        how = dataclasses.replace(geometry, oriented=oriented)
        views = pack([describe(second_view(scene(view), seed), 300)])
        ((_, pair),) = geometric.verify(describe(scene(query), 300), size, views, size[None], how)
        return pair.count

    return call


SCENES = ("astronaut", "coffee", "chelsea", "rocket")


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("seed", range(4))
def test_a_second_view_is_verified_as_without_the_look(verified, name, seed):
    inliers = verified(name, name, seed, oriented=True)
    assert inliers == verified(name, name, seed, oriented=False)
    assert inliers >= 20


@pytest.mark.parametrize("name", SCENES)
def test_another_scene_is_never_accepted(verified, name):
    for seed, other in enumerate(SCENES):
        if other != name:
            assert verified(name, other, seed, oriented=True) < sift_geometric.Config().min_inliers
