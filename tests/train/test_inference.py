import pytest

from train import recipe as recipes
from train.errors import TrainingError
from train.inference import pooled_recipe, recipe_of

TABLES = {
    "network": {"backbone": "test_resnet", "pooling": "avg", "head": "linear", "dim": 8, "frozen": True},
    "recipe": {"global": {"size_px": 96, "scales": [1.0, 0.7]}, "photos": {"max_side_px": 200}},
}


def test_photos_are_judged_as_they_will_be_described():
    recipe = recipe_of(recipes.from_plain(TABLES))
    config = recipe.global_config
    assert (config.backbone, config.pooling, config.size_px) == ("test_resnet", "avg", 96)
    assert config.scales == (1.0, 0.7)
    assert recipe.photos.max_side_px == 200


def test_pooled_vectors_are_what_the_head_takes():
    config = pooled_recipe(recipes.from_plain(TABLES)).global_config
    assert config.scales == (1.0,)
    assert not config.normalise


def test_frozen_backbone_at_random_is_refused():
    tables = {**TABLES, "network": {**TABLES["network"], "pretrained": False}}
    with pytest.raises(TrainingError, match=r"network.pretrained = false leaves at random"):
        pooled_recipe(recipes.from_plain(tables))


def test_descriptor_without_a_network_is_refused():
    with pytest.raises(TrainingError, match="must be 'network' in training, got 'thumbnail'"):
        recipe_of(recipes.from_plain({"recipe": {"global": {"kind": "thumbnail"}}}))
