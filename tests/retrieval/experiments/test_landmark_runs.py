"""The rows of the landmark study with a tiny network: built on each other, trained once, compared."""

import dataclasses
import json

import numpy as np
import pytest

from extract import plugins
from retrieval.experiments import _landmark_arms, _landmark_local, _landmark_runs, _run, landmarks
from train import loop
from train import recipe as train_recipes

ROWS = ("e1", "e2", "e3", "e4", "e5", "e6", "e7", "resnet18", "resnet50")


def shrunk(values):
    """Give settings with a tiny network at random, 32 px and one epoch."""
    text = json.dumps(values)
    for old, new in (
        ('"tf_efficientnet_lite0"', '"test_efficientnet"'),
        ('"pooling": "avg"', '"pooling": "avg", "pretrained": false'),
        ('"size_px": 160', '"size_px": 32'),
        ('"resize_px": 183', '"resize_px": 36'),
        ('"epochs": 2', '"epochs": 1'),
        ('"batch_size": 32', '"batch_size": 8'),
        ('"grid": 7', '"grid": 2'),
        ('"count": 16', '"count": 4'),
    ):
        text = text.replace(old, new)
    return json.loads(text)


@pytest.fixture
def tiny(monkeypatch):
    arms = tuple(
        dataclasses.replace(arm, settings=shrunk(dict(arm.settings)))
        for arm in landmarks.STUDY.small_arms
        if not arm.name.startswith("resnet")
    )
    monkeypatch.setattr(landmarks, "STUDY", dataclasses.replace(landmarks.STUDY, small_arms=arms))
    return {arm.name: arm for arm in arms}


@pytest.fixture
def work(tmp_path, photograph):
    folder = tmp_path / "data"
    folder.mkdir()
    lists = {"train": (0, 12), "weak": (12, 20), "index": (20, 32), "query": (32, 36)}
    for name, (start, stop) in lists.items():
        lines = ["id,file,label,usage"]
        for number in range(start, stop):
            (folder / f"{number}.jpg").write_bytes(photograph(number))
            label = f"place {number % 4}" if name in ("train", "weak") else str(number % 4)
            lines.append(f"{number},{number}.jpg,{label},{('private', 'public')[number % 2]}")
        (folder / f"{name}.csv").write_text("\n".join(lines))
    (folder / "landmarks.csv").write_text("label,name\n0,a\n")
    out = tmp_path / "out"
    return _run.Work(data=folder, small=True, seed=1, folder=out, all_runs=out, weights={})


def test_rows_build_on_each_other_and_nothing_is_trained_twice(tiny, work, monkeypatch):
    begun = []
    real = loop.fit

    def fit(recipe, photos, out, **options):
        if not (out / "recipe.toml").exists():
            begun.append(recipe)
        return real(recipe, photos, out, **options)

    monkeypatch.setattr(loop, "fit", fit)
    # e7 first: it needs e4's network, and that e2's.
    patches = _run.finished_or_run("landmarks", tiny["e7"], work)
    assert [sorted(recipe.losses) for recipe in begun] == [
        ["classification"],
        ["classification", "contrastive"],
    ]
    weights = begun[1].network.weights.path
    assert weights == str(_run.folder_of("landmarks", tiny["e2"], work) / "run" / "weights.safetensors")
    siamese, sift, words = (
        _run.finished_or_run("landmarks", tiny[name], work) for name in ("e4", "e5", "e6")
    )
    assert len(begun) == 2
    assert all(one.random_start for one in (patches, siamese, sift, words))
    for one in (patches, siamese, sift, words):
        assert one.outcomes["all"].num_queries == 4
        assert one.outcomes["private"].query_ids == ("32", "34")
        assert one.outcomes["public"].query_ids == ("33", "35")
        # Twelve photographs are searched, three of each place: re-ranking only orders them.
        assert one.outcomes["all"].hits.sum(axis=1).tolist() == [3, 3, 3, 3]
        # All twelve are correct for some query; the queries stand behind them.
        assert len(one.points.labels) == 16
        np.testing.assert_allclose(one.points.vectors, siamese.points.vectors, atol=2e-3)
    # What belongs to no network is kept for all seeds, what belongs to one is not kept.
    shared = [path.name for path in (work.all_runs / "landmarks-shared").glob("*/*.store")]
    assert sorted(name.partition("-")[0] for name in shared) == ["sift", "vlad"]
    assert not list(work.all_runs.rglob("patches.store"))


def test_an_experiment_of_one_row_takes_it_from_all_rows(tiny, work):
    experiment = plugins.load("retrieval.experiments", "e1")
    measured = experiment.run(tiny["e1"], work)
    assert _run.folder_of("landmarks", tiny["e1"], work).is_dir()
    again = _run.finished_or_run("landmarks", tiny["e1"], work)
    assert again.seconds == measured.seconds


@pytest.mark.parametrize("name", [*ROWS, "landmarks"])
def test_every_experiment_has_both_sizes_and_the_studys_figures(name):
    study = plugins.load("retrieval.experiments", name).STUDY
    own = [arm.name for arm in study.arms]
    assert own == [arm.name for arm in study.small_arms]
    assert own == list(ROWS) if name == "landmarks" else own[-1] == name
    assert all(arm.studied for arm in study.arms)


def test_private_and_public_figures_are_the_studys():
    told = {
        arm.name: [arm.studied[usage][0] for usage in ("private", "public") if usage in arm.studied]
        for arm in landmarks.STUDY.arms
    }
    assert told == {
        "e1": [0.0823, 0.0742],
        "e2": [0.2543, 0.2559],
        "e3": [0.3149, 0.3168],
        "e4": [0.3257, 0.3268],
        "e5": [0.3261, 0.3271],
        "e6": [0.3091, 0.3058],
        "e7": [0.3309, 0.3284],
        "resnet18": [0.173],
        "resnet50": [0.234],
    }


def test_the_figure_of_all_queries_is_the_mean_of_the_studys_two():
    e4 = next(arm for arm in landmarks.STUDY.arms if arm.name == "e4")
    # (650 x .3257 + 350 x .3268) / 1000 = .326085
    assert e4.studied == {"all": (0.3261,), "private": (0.3257,), "public": (0.3268,)}


def test_training_settings_are_the_studys():
    settings = {arm.name: arm.settings for arm in landmarks.STUDY.arms}
    siamese = train_recipes.from_plain(settings["e3"]["train"])
    assert (siamese.network.backbone, siamese.views.size_px, siamese.epochs) == ("efficientnet_b0", 224, 20)
    assert (siamese.views.flip, siamese.views.rotation_deg, siamese.views.jitter) == (0.5, 15.0, 0.0)
    assert (siamese.optimiser.kind, siamese.optimiser.rate) == ("adam", 1.5e-4)
    contrastive = siamese.losses["contrastive"].config
    assert (contrastive.distance, contrastive.positive_margin, contrastive.negative_margin) == (
        "cosine",
        0.0,
        0.4,
    )
    mixed = train_recipes.from_plain(settings["e4"]["train"])
    assert {name: term.weight for name, term in mixed.losses.items()} == {
        "classification": 0.5,
        "contrastive": 0.5,
    }
    assert mixed.losses["contrastive"].config == contrastive
    assert train_recipes.from_plain(settings["e2"]["train"]).batch_size == 144


def test_rerankings_are_the_studys():
    settings = {arm.name: arm.settings for arm in landmarks.STUDY.arms}
    assert [settings[name]["chain"] for name in ("e5", "e6", "e7")] == ["e5", "e6", "e7"]
    assert settings["e5"]["local"] == {"sift": {"max_keypoints": 100_000, "root": False}}
    assert settings["e6"]["words"]["count"] == 16
    assert _landmark_local.without_network(settings["e6"]["local"]).local["vlad"].power == 0.5
    assert settings["e7"]["local"] == {"patch": {"grid": 7}}
    assert _landmark_arms.names() == ROWS


def test_a_row_that_another_builds_on_must_be_the_one_of_the_table(tiny, work):
    with pytest.raises(ValueError, match="other settings than the one that another builds on"):
        _landmark_runs._folder("e2", {}, work)
