"""The files that a recipe names: hashed before a run, kept in the store, found again behind it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from extract import config as configs
from extract import plugins, weight_files
from extract.config import FileRef
from extract.recipe import GLOBAL_PLUGINS, Recipe, map_files


def resolve(recipe: Recipe) -> Recipe:
    """Fill in the sha256 of every file, the network's default weights included.

    Raises:
        WeightsError: a file cannot be read, or there are no weights for the network.
    """
    resolved = map_files(recipe, lambda file: FileRef(file.path, weight_files.sha256_of(Path(file.path))))
    plugin = plugins.load(GLOBAL_PLUGINS, recipe.global_kind)
    if hasattr(plugin, "resolve"):
        resolved = dataclasses.replace(resolved, global_config=plugin.resolve(resolved.global_config))
    return resolved


def named(recipe: Recipe) -> Iterator[FileRef]:
    """Give the files of a resolved recipe that lie on this machine; packaged weights have no path."""
    for config in (recipe.global_config, *recipe.local.values()):
        yield from (file for file in configs.files(config).values() if file.path)


def with_folder(recipe: Recipe, folder: Path) -> Recipe:
    """Point every file at its copy in `folder`, where copies are named by their sha256."""
    return map_files(recipe, lambda file: FileRef(str(folder / file.sha256), file.sha256))
