"""What tests of re-ranking share: SIFT of real photographs, made-up features, and a database of arrays."""

import functools

import cv2
import numpy as np
import pytest

from extract.features import Features, pack
from extract.images import Photo
from extract.local_descriptors import sift
from rerank import adaptation, space
from rerank.protocols import Queries
from rerank.ranking import PAD, Ranking


class ArrayDatabase:
    """Photographs in memory: `features` is a list of SIFT features or lists by kind."""

    def __init__(self, features, sizes=(), vectors=None):
        self._features = features if isinstance(features, dict) else {"sift": features}
        self._sizes = np.array(sizes, np.int32).reshape(-1, 2)
        self._vectors = vectors

    def vectors(self, rows):
        return np.ones((len(rows), 4), np.float32) if self._vectors is None else self._vectors[rows]

    def sizes(self, rows):
        return self._sizes[rows]

    def features(self, kind, rows):
        return pack([self._features[kind][row] for row in rows])

    def scores(self, vectors, rows):
        theirs = self.vectors(rows.ravel()).reshape(*rows.shape, vectors.shape[1])
        products = np.einsum("qd,qkd->qk", vectors, theirs)
        return np.where(rows == PAD, -np.inf, products).astype(np.float32)

    def space(self, name):
        rows = np.arange(len(self._sizes) if self._vectors is None else len(self._vectors))
        vectors = self.vectors(rows)
        return space.build(rows, vectors, adaptation.fit(vectors) if name == "own" else None)


@pytest.fixture(scope="session")
def array_database():
    return ArrayDatabase


@pytest.fixture(scope="session")
def queries_of():
    """Give queries with these SIFT features, or lists of features by kind, and vectors."""

    def build(features=(), vectors=None):
        kinds = features if isinstance(features, dict) else {"sift": features}
        packed = {kind: pack(ones) for kind, ones in kinds.items() if len(ones)}
        if vectors is None:
            vectors = np.ones((len(next(iter(packed.values()))), 4), np.float32)
        return Queries(vectors, np.full((len(vectors), 2), 1000, np.int32), packed)

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


def _placeless(descriptors):
    count = len(descriptors)
    return Features(np.zeros((count, 0), np.float32), descriptors, np.zeros(count, np.float32))


@pytest.fixture(scope="session")
def placeless():
    """Give features of these descriptors that lie nowhere in particular."""
    return _placeless


@pytest.fixture(scope="session")
def made_up_of():
    """Give `count` random features of a kind as a store holds them; VLAD is one descriptor, zero for none."""

    def features(kind, count, seed=0):
        rng = np.random.default_rng(seed)
        if kind == "asmk":
            words = np.sort(rng.choice(200, count, replace=False)).astype("<u4")
            signs = rng.integers(0, 256, (count, 16), np.uint8)
            return _placeless(np.concatenate([words.view(np.uint8).reshape(count, 4), signs], axis=1))
        if kind == "vlad":
            values = rng.standard_normal((1, 256)) * (count > 0)
        else:
            values = rng.standard_normal((count, 64))
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        return _placeless((values / np.where(lengths > 0, lengths, 1)).astype(np.float16))

    return features
