"""An arm from photographs to its outcome, with a tiny network: trained, measured, cleared, resumed."""

import dataclasses

import numpy as np
import pytest

from extract.errors import PhotosError
from retrieval.experiments import (
    _embedding_runs,
    _embedding_study,
    _run,
    _trained,
    all_together,
    losses,
    mushrooms,
    universal,
)
from train import loop

SIDE_PX = 32


@pytest.fixture(scope="module")
def small_set(tmp_path_factory, write_photos):
    """Groceries of 6 classes, 4 photographs each to train and 2 to ask; every other class is unseen."""
    folder = tmp_path_factory.mktemp("small") / "finegrained"
    photos = write_photos(folder, 36)
    rows = [
        f"{name},{place // 6},{'train' if place % 6 < 4 else 'test'},{'train' if place // 6 % 2 else 'test'}"
        for place, name in enumerate(photos.ids)
    ]
    (folder / "labels.csv").write_text("\n".join(["file,label,split,zs_split", *rows]) + "\n")
    return folder.parent


@pytest.fixture
def work(small_set, tmp_path):
    return _run.Work(small_set, True, 0, tmp_path, tmp_path, {})


def shrunk(plain):
    """Give a recipe with a tiny network at random, one epoch."""
    return {
        **plain,
        "epochs": 1,
        "batch_size": 8,
        "network": {**plain["network"], "backbone": "test_efficientnet", "pretrained": False},
        "views": {**plain["views"], "size_px": SIDE_PX},
        "recipe": {"global": _embedding_study.described(SIDE_PX)},
    }


def tiny(arm):
    return dataclasses.replace(arm, settings={**arm.settings, "train": shrunk(arm.settings["train"])})


def test_an_arm_is_trained_measured_and_leaves_its_outcome_alone(work, monkeypatch):
    (arm,) = (tiny(arm) for arm in losses.STUDY.small_arms if arm.name == "supcon")
    measured = _run.finished_or_run("losses", arm, work)
    # Classes 0 and 3 of six, two queries each.
    assert measured.outcomes["F1"].num_queries == 4
    assert measured.points.vectors.shape == (4, 256)
    assert measured.random_start
    (folder,) = (work.all_runs / "losses-small" / "supcon").iterdir()
    assert [path.name for path in folder.iterdir()] == ["outcome.npz"]
    monkeypatch.setattr(loop, "fit", lambda *arguments, **options: pytest.fail("it was run again"))
    again = _run.finished_or_run("losses", arm, work)
    np.testing.assert_array_equal(again.points.vectors, measured.points.vectors)


def test_the_trained_network_is_the_one_that_is_measured(work):
    (arm,) = (tiny(arm) for arm in losses.STUDY.small_arms if arm.name == "triplet")
    plain = arm.settings["train"]
    photos = _embedding_runs.cut(work).train
    run = _trained.trained(plain, photos, work)
    tuned = _trained.embedded(_trained.network_of(plain, run, work), plain, photos)
    described = _trained.described(_recipe(run), photos, work.folder / "S")
    # The store keeps half precision.
    np.testing.assert_allclose(tuned, described, rtol=2e-2, atol=2e-3 * np.abs(described).max())
    untouched = _trained.embedded(_trained.network_of(plain, None, work), plain, photos)
    assert np.abs(tuned - untouched).max() > 1e-4


def _recipe(run):
    from extract import recipe as recipes

    return recipes.load(str(run))


def test_triplets_are_of_one_class_and_another(small_set):
    from retrieval.experiments import _data

    photos = _data.groceries(small_set)
    labels = np.array(photos.labels)
    anchors, positives, negatives = universal.triplets(photos)
    assert sorted(anchors.tolist()) == list(range(len(photos)))
    assert (labels[anchors] == labels[positives]).all()
    assert (anchors != positives).all()
    assert (labels[anchors] != labels[negatives]).all()


def test_unseen_classes_are_asked_from_the_fourth_photograph_on(work, monkeypatch):
    asked = {}

    def embedded(plain, train, photos, own):
        asked["train"] = train
        return np.random.default_rng(0).normal(size=(len(photos), 4)).astype(np.float32)

    monkeypatch.setattr(mushrooms, "_embedded", embedded)
    arm = dataclasses.replace(tiny(mushrooms.STUDY.small_arms[0]))
    measured = mushrooms.run(arm, work)
    assert set(asked["train"].labels) == {"1", "3", "5"}
    assert measured.outcomes["known"].num_queries == 3 * 2
    for name in ("one-shot", "three-shot"):
        # Three unseen classes, the last three of six photographs each.
        assert measured.outcomes[name].num_queries == 3 * 3
    assert measured.outcomes["one-shot"].num_relevant.tolist() == [1] * 9
    assert measured.outcomes["three-shot"].num_relevant.tolist() == [3] * 9


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [(all_together, "no class 'Air intake', which is to stay unseen"), (mushrooms, "has 6 classes")],
)
def test_data_of_other_classes_than_the_studys_are_one_sentence(
    work, tmp_path, photograph, experiment, sentence
):
    for number in range(6):
        (tmp_path / f"data/{number}").mkdir(parents=True)
        (tmp_path / f"data/{number}/a.jpg").write_bytes(photograph(number))
    whole = dataclasses.replace(work, data=tmp_path / "data", small=False)
    with pytest.raises(PhotosError, match=sentence):
        experiment.run(experiment.STUDY.arms[0], whole)
