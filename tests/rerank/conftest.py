"""What tests of re-ranking share: SIFT of real photographs, made-up features, and a database of arrays."""

import functools

import cv2
import numpy as np
import pytest

from extract.features import Features, pack
from extract.images import Photo
from extract.local_descriptors import sift
from rerank.protocols import Queries
from rerank.ranking import PAD, Ranking


class ArrayDatabase:
    """Photographs whose features and sizes lie in memory."""

    def __init__(self, features, sizes):
        self._features = features
        self._sizes = np.array(sizes, np.int32).reshape(-1, 2)

    def vectors(self, rows):
        return np.ones((len(rows), 4), np.float32)

    def sizes(self, rows):
        return self._sizes[rows]

    def features(self, kind, rows):
        assert kind == "sift"
        return pack([self._features[row] for row in rows])


@pytest.fixture(scope="session")
def array_database():
    return ArrayDatabase


@pytest.fixture(scope="session")
def queries_of():
    """Give queries with these features."""

    def build(features):
        vectors, sizes = np.ones((len(features), 4), np.float32), np.full((len(features), 2), 1000, np.int32)
        return Queries(vectors, sizes, {"sift": pack(features)})

    return build


@pytest.fixture(scope="session")
def ranking_of():
    """Give a ranking of lists of rows; the scores fall evenly, and short lists are padded."""

    def build(*rows, scores=None):
        width = max(map(len, rows))
        padded = np.array([[*row, *[PAD] * (width - len(row))] for row in rows], np.int64)
        if scores is None:
            scores = np.where(padded != PAD, np.linspace(0.9, 0.1, width), -np.inf)
        return Ranking(padded, np.asarray(scores, np.float32))

    return build


@functools.cache
def _scene(name):
    from skimage import data

    return np.ascontiguousarray(cv2.resize(getattr(data, name)()[..., :3], (400, 300)))


@pytest.fixture(scope="session")
def scene():
    """Give a real photograph of scikit-image, 400 x 300 RGB."""
    return _scene


@pytest.fixture(scope="session")
def describe():
    """Give the SIFT features of pixels (h, w, 3)."""

    def features(pixels, max_keypoints=300):
        config = sift.Config(max_keypoints=max_keypoints)
        return sift.build(config).extract(Photo(pixels, pixels.shape[1], pixels.shape[0]))

    return features


@pytest.fixture(scope="session")
def second_view():
    """Give the pixels of the same wall from another place: a homography, other light and some noise."""

    def warp(pixels, seed):
        rng = np.random.default_rng(seed)
        height, width = pixels.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        moved = corners + rng.uniform(-0.12, 0.12, (4, 2)).astype(np.float32) * width
        view = cv2.warpPerspective(pixels, cv2.getPerspectiveTransform(corners, moved), (width, height))
        return np.clip(view * 0.8 + 20 + rng.normal(0, 3, view.shape), 0, 255).astype(np.uint8)

    return warp


@pytest.fixture(scope="session")
def made_up():
    """Give `count` random features of a photograph of 400 x 300 pixels."""

    def features(count, seed=0):
        rng = np.random.default_rng(seed)
        points = rng.random((count, 4), np.float32) * np.array([400, 300, 10, 360], np.float32)
        scores = np.sort(rng.random(count, np.float32))[::-1]
        return Features(points, rng.integers(0, 256, (count, 128), np.uint8), scores)

    return features
