"""The calibration of a space: each class once unknown, the file whole or refused, never of another recipe."""

import json

import numpy as np
import pytest

from evaluate.precision_recall import Curve
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


def test_a_few_answers_that_happen_to_be_right_are_no_ground_for_a_threshold():
    # Of noise one label in six is right: some few at the top always are, and the next ones are not.
    noise = [fitted(grouped(2 * seed, 50.0, "s"), grouped(2 * seed + 1, 50.0, "q")) for seed in range(8)]
    assert [one.threshold for one in noise] == [0.0] * 8
    assert all(one.recall == 1.0 and one.precision_low < one.precision < 0.3 for one in noise)


def test_threshold_is_that_of_the_largest_recall_which_is_sure_enough():
    # Of 40 + 10 + 50 answers 40, 5 and 0 are right. Wilson's interval of 40 of 40 begins at
    # 40 / (40 + 1.96^2) = .912, that of 45 of 50 at .786.
    curve = Curve(np.array([0.9, 0.6, 0.3]), np.array([1.0, 0.9, 0.45]), np.array([40, 45, 45]) / 45)
    decided = space_calibration._decide(curve, 45, 0.9)
    assert decided == pytest.approx((0.9, 1.0, 0.912, 40 / 45), abs=1e-3)
    assert space_calibration._decide(curve, 45, 0.75) == pytest.approx((0.6, 0.9, 0.786, 1.0), abs=1e-3)
    assert space_calibration._decide(curve, 45, 0.95)[0] == 0.0
    nothing = Curve(np.array([0.9, 0.3]), np.array([0.0, 0.5]), np.array([0.0, 1.0]))
    assert space_calibration._decide(nothing, 40, 0.9)[0] == 0.0


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
