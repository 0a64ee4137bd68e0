"""Every experiment as it is declared: recipes that are valid, metrics that exist, the study's own figures."""

import pytest

from evaluate import metrics
from extract import plugins
from retrieval.experiments import _run
from retrieval.experiments._study import PACKAGE
from train import recipe as train_recipes
from train import result

EMBEDDING_STUDY = {
    "backbones": [0.664, 0.540, 0.367, 0.612, 0.893, 0.934],
    "losses": [0.650, 0.660, 0.709, 0.685, 0.618],
    "embedding-size": [0.654, 0.683, 0.712, 0.719, 0.724, 0.731],
    "samples-per-class": [0.223, 0.280, 0.369, 0.443, 0.507, 0.520, 0.632, 0.703],
    "augmentation-factor": [0.306, 0.352, 0.437, 0.518, 0.569],
    "augmentation-method": [0.289, 0.392, 0.436, 0.441],
    "zero-shot": [0.865],
}
OTHERS = ("all-together", "universal", "mushrooms")


def all_arms():
    for name in (*EMBEDDING_STUDY, *OTHERS):
        study = _run.load(name).STUDY
        for arm in (*study.arms, *study.small_arms):
            yield name, study, arm


def test_every_experiment_is_found_by_its_name():
    assert {*EMBEDDING_STUDY, *OTHERS} <= set(plugins.names(PACKAGE))


@pytest.mark.parametrize(("name", "figures"), EMBEDDING_STUDY.items())
def test_arms_have_the_studys_figures(name, figures):
    study = _run.load(name).STUDY
    assert [arm.studied["F1"][0] for arm in study.arms if arm.studied] == figures


def test_figures_of_the_other_text_and_of_several_measures_are_the_studys():
    methods = _run.load("augmentation-method").STUDY.arms
    assert [arm.studied["F1"][1:] for arm in methods] == [(0.280,), (0.398,), (0.426,), (0.412,)]
    told = {name: next(iter(_run.load(name).STUDY.arms)).studied for name in ("all-together", "universal")}
    assert told["all-together"] == {"trained classes": (0.995,), "all classes": (0.975,)}
    assert told["universal"] == {"triplet accuracy": (0.95,)}
    shots = {arm.name: arm.studied for arm in _run.load("mushrooms").STUDY.arms if arm.studied}
    assert shots == {"random, 64": {"one-shot": (0.20,), "three-shot": (0.28,)}}


def test_every_training_is_a_valid_recipe_that_describes_without_normalising():
    for name, study, arm in all_arms():
        for measure in study.measures:
            metrics.parse(measure.metric)
        if "train" in arm.settings:
            recipe = train_recipes.from_plain(arm.settings["train"], f"{name}, {arm.name}")
            result.check(recipe)
            assert recipe.describe["global"]["normalise"] is False
            assert recipe.describe["global"]["size_px"] == recipe.views.size_px


def test_the_studys_own_training_is_kept_to_the_letter():
    for name in EMBEDDING_STUDY:
        for arm in _run.load(name).STUDY.arms:
            if "train" not in arm.settings:
                continue
            recipe = train_recipes.from_plain(arm.settings["train"])
            optimiser = recipe.optimiser
            assert (optimiser.kind, optimiser.rate, optimiser.schedule) == ("adam", 1e-4, "step")
            assert recipe.epochs == (1 if name == "zero-shot" else 5)
            assert recipe.network.head == "mlp"
            assert recipe.network.pretrained
            # No augmentation unless it is the question.
            assert (recipe.views.min_area, recipe.views.flip, recipe.views.jitter) == (1.0, 0.0, 0.0)
            expected = "none" if recipe.views.copies == 1 else recipe.views.policy
            assert recipe.views.policy == expected


def test_small_arms_begin_with_packaged_weights_or_say_that_they_do_not():
    packaged = {"tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2"}
    for name in (*EMBEDDING_STUDY, *OTHERS):
        for arm in _run.load(name).STUDY.small_arms:
            network = (arm.settings.get("train") or arm.settings["plain"])["network"]
            assert network["backbone"] in packaged or network["pretrained"] is False
