"""The calibration of a space: each class once unknown, the file whole or refused, never of another recipe."""

import json

import numpy as np
import pytest

from extract.errors import ConfigError, StoreError
from extract.store import DescriptorStore
from extract.store_writer import StoreWriter
from retrieval import space_calibration
from retrieval.classification import Neighbour, vote
from retrieval.labelled_vectors import LabelledVectors

NUM_CLASSES = 6


def grouped(seed, spread, prefix, classes=NUM_CLASSES):
    """Six photographs of each class, about the corners of a simplex; corners are sqrt(2) apart."""
    rng = np.random.default_rng(seed)
    corners = np.repeat(np.eye(NUM_CLASSES)[:classes], 6, axis=0)
    vectors = corners + spread * rng.standard_normal(corners.shape)
    labels = tuple(f"class {place}" for place in range(classes) for _ in range(6))
    names = tuple(f"{prefix}{place}" for place in range(len(labels)))
    return LabelledVectors(names, labels, vectors.astype(np.float32))


def fitted(known, asked, **options):
    settings = {"k": 5, "precision": 0.9, "seed": 0, "digest": "d", "revision": 1}
    return space_calibration.fit(known, asked, **(settings | options))


def answer(distance):
    return vote([Neighbour("a", "class 0", distance)])


def test_near_is_known_and_far_is_not():
    calibration = fitted(grouped(0, 0.1, "s"), grouped(1, 0.1, "q"))
    # Own classes are found at about .1 x sqrt(2 x 6) = .35 or nearer, others at 1.2 or so.
    assert calibration.precision >= 0.9
    assert calibration.recall == 1.0
    assert calibration.photos == 36
    assert calibration.judged(answer(0.3)).is_known
    assert not calibration.judged(answer(1.3)).is_known


def test_a_photograph_of_the_space_does_not_answer_for_itself():
    # Drawn at random, so that nothing but itself would be right more often than one in six.
    noise = grouped(0, 50.0, "s")
    assert fitted(noise, noise).recall <= fitted(noise, grouped(0, 50.0, "q")).recall
    assert fitted(noise, noise).slope != pytest.approx(fitted(noise, grouped(0, 50.0, "q")).slope)


def test_too_few_classes_are_refused():
    with pytest.raises(ConfigError, match="at least 2 that the space and the photographs share, got 1"):
        fitted(grouped(0, 0.1, "s"), grouped(1, 0.1, "q", classes=1))
    with pytest.raises(ConfigError, match="between 0 and 1, got 1"):
        fitted(grouped(0, 0.1, "s"), grouped(1, 0.1, "q"), precision=1.0)


@pytest.fixture
def store(tmp_path, thumbnails):
    with StoreWriter(tmp_path / "s", thumbnails, 192):
        pass
    return DescriptorStore.open(tmp_path / "s")


def test_what_is_written_is_read_again(store):
    assert space_calibration.read(store) is None
    calibration = fitted(grouped(0, 0.1, "s"), grouped(1, 0.1, "q"), digest=store.digest)
    space_calibration.write(store.path, calibration)
    assert space_calibration.read(store) == calibration
    assert [path.name for path in (store.path / "index").iterdir()] == ["calibration.json"]


@pytest.mark.parametrize("damage", ["cut", "altered", "of another program"])
def test_a_file_that_is_not_whole_is_refused(store, damage):
    space_calibration.write(
        store.path, fitted(grouped(0, 0.1, "s"), grouped(1, 0.1, "q"), digest=store.digest)
    )
    path = store.path / "index" / "calibration.json"
    plain = json.loads(path.read_text())
    changes = {"altered": {"threshold": 0.0}, "of another program": {"format": 2}, "cut": {}}
    text = json.dumps(plain | changes[damage])
    path.write_text(text[:40] if damage == "cut" else text)
    with pytest.raises(StoreError, match="was cut or altered; `retrieve calibrate .* makes it again"):
        space_calibration.read(store)


def test_a_calibration_of_another_recipe_is_refused(store):
    space_calibration.write(store.path, fitted(grouped(0, 0.1, "s"), grouped(1, 0.1, "q"), digest="0123"))
    with pytest.raises(StoreError, match="fitted with the recipe 0123"):
        space_calibration.read(store)
