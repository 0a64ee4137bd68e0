"""The recipe by which photographs are described when the training is over: what judging has to do as well."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from extract import recipe as recipes
from extract.config import NO_FILE
from extract.errors import ConfigError
from extract.global_descriptors import network as descriptors
from extract.recipe import Recipe
from train.errors import TrainingError
from train.recipe import TrainRecipe


def recipe_of(recipe: TrainRecipe) -> Recipe:
    """Give the tables of `recipe.describe` with the network's own backbone, weights, pooling and whitening.

    A pooling that the tables name goes ahead of it. What training changes (layers, head) is not in it yet.

    Raises:
        ConfigError: a setting is unknown or out of range.
        TrainingError: `recipe.global` is another descriptor than a network.
    """
    network = recipe.network
    own = {"backbone": network.backbone, "pooling": network.pooling, "gem_p": network.gem_p}
    given = given_settings(recipe)
    if given.get("kind", "network") != "network":
        raise TrainingError(f"recipe.global.kind must be 'network' in training, got {given['kind']!r}")
    tables = {"name": recipe.name, **recipe.describe, "global": {**own, **given}}
    whole = recipes.from_plain(tables, "recipe")
    config = dataclasses.replace(network_config(whole), weights=network.weights, whitening=network.whitening)
    return dataclasses.replace(whole, global_config=config)


def given_settings(recipe: TrainRecipe) -> Mapping[str, object]:
    """Give what the recipe itself says of the descriptor, in its table `recipe.global`.

    Raises:
        ConfigError: that is no table.
    """
    given = recipe.describe.get("global", {})
    if not isinstance(given, Mapping):
        raise ConfigError(f"recipe.global must be a table, got {given!r}")
    return given


def network_config(recipe: Recipe) -> descriptors.Config:
    """Give the settings of the global descriptor.

    Raises:
        ValueError: it is no network.
    """
    if not isinstance(recipe.global_config, descriptors.Config):
        raise ValueError(f"the recipe must describe by a network, got {recipe.global_kind!r}")
    return recipe.global_config


def pooled_recipe(recipe: TrainRecipe) -> Recipe:
    """Give the recipe of the vectors that a head is trained on: pooled, and nothing after that.

    Raises:
        ConfigError, TrainingError: as `recipe_of` does, or the backbone begins at random.
    """
    if not recipe.network.pretrained:
        raise TrainingError(
            "network.frozen keeps a backbone that network.pretrained = false leaves at random; "
            "take the pretrained weights, or train the backbone too"
        )
    whole = recipe_of(recipe)
    config = dataclasses.replace(network_config(whole), scales=(1.0,), whitening=NO_FILE, normalise=False)
    return dataclasses.replace(whole, global_config=config, local=MappingProxyType({}))
