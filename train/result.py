"""What comes out of a run: a recipe with weights and head, by which photographs are described at once."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save

from extract import config as configs
from extract import heads, weight_files
from extract.config import NO_FILE, FileRef
from extract.errors import ConfigError, StoreError, WeightsError
from extract.publish import publish
from train import inference
from train.errors import TrainingError
from train.recipe import TrainRecipe

RECIPE_FILE, WEIGHTS_FILE, HEAD_FILE = "recipe.toml", "weights.safetensors", "head.safetensors"
WHITENING_FILE = "whitening.safetensors"
# These follow from training, or are named by its own tables.
_MADE = ("backbone", "weights", "tuned", "head", "whitening")


def check(recipe: TrainRecipe) -> None:
    """Refuse, before anything is trained, what could not describe photographs in the end.

    Raises:
        ConfigError, TrainingError: the tables under `recipe` are wrong, or set what training makes.
    """
    given = inference.given_settings(recipe)
    for key in _MADE:
        if key in given:
            remedy = "set network.whitening" if key == "whitening" else "take it out"
            raise ConfigError(f"recipe.global.{key} cannot be set: it follows from training; {remedy}")
    for key in ("pooling", "gem_p"):
        trained = getattr(recipe.network, key)
        if given.get(key, trained) != trained:
            raise ConfigError(
                f"recipe.global.{key} must be what is trained (network.{key} = {trained!r}), "
                f"got {given[key]!r}"
            )
    inference.recipe_of(recipe)


def keep_whitening(out: Path, recipe: TrainRecipe) -> None:
    """Copy the whitening of `recipe`, if it has one, into the folder `out`: it belongs to what comes out.

    Raises:
        WeightsError: it is absent, or altered since it was resolved.
        TrainingError: it cannot be written.
    """
    file = recipe.network.whitening
    if not file.path:
        return
    weight_files.check(Path(file.path), file.sha256)
    try:
        publish(out / WHITENING_FILE, Path(file.path).read_bytes())
    except (OSError, StoreError) as error:
        raise TrainingError(f"cannot copy {file.path!r} to {str(out)!r}: {error}") from error


def write(
    out: Path,
    recipe: TrainRecipe,
    backbone: torch.nn.Module,
    head: torch.nn.Module,
    provenance: Mapping[str, str],
) -> Path:
    """Write weights and head of a trained network into the folder `out`, then the recipe; give its path.

    A whitening of `recipe` is what `keep_whitening` left there.

    `backbone` is the timm model, `head` what `extract.heads.build` gave. `provenance` is for people; it
    must not differ between runs that come to the same weights.

    Raises:
        TrainingError: the disk is full or failing.
    """
    tensors = {
        name: (value.float() if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in backbone.state_dict().items()
    }
    # One text: several would stand in an order that differs from process to process.
    note = {"provenance": json.dumps(dict(provenance), sort_keys=True)}
    has_head = recipe.network.head != "none"
    try:
        publish(out / WEIGHTS_FILE, save(tensors, metadata=note))
        if has_head:
            heads.write(out / HEAD_FILE, recipe.network.head, head, provenance)
        # Last: a recipe is never without its files.
        publish(out / RECIPE_FILE, configs.to_toml(_plain(recipe, out, has_head)).encode())
    except (WeightsError, StoreError) as error:
        raise TrainingError(
            f"the trained network could not be written ({error}); its checkpoint is whole, "
            "make room on the disk and go on with --resume"
        ) from error
    return out / RECIPE_FILE


def _plain(recipe: TrainRecipe, out: Path, has_head: bool) -> dict[str, object]:
    """Give the recipe as it stands in TOML; its files are named as they lie, beside it."""
    described = inference.recipe_of(recipe)
    files = {
        "weights": FileRef(WEIGHTS_FILE),
        "head": FileRef(HEAD_FILE) if has_head else NO_FILE,
        "whitening": FileRef(WHITENING_FILE) if recipe.network.whitening.path else NO_FILE,
    }
    config = dataclasses.replace(described.global_config, **files)  # type: ignore[type-var]
    named = dataclasses.replace(described, name=out.resolve().name, global_config=config)
    return named.to_plain()
