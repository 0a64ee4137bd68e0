"""The files that a recipe names: hashed before a run, kept in the store, found again behind it."""

import dataclasses
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from extract import config as configs
from extract import fitted, plugins, weight_files
from extract.config import NO_FILE, FileRef
from extract.errors import ConfigError
from extract.recipe import GLOBAL_PLUGINS, LOCAL_PLUGINS, Recipe, map_files


def resolve(recipe: Recipe) -> Recipe:
    """Fill in the sha256 of every file, the network's default weights and packaged codebooks included.

    Raises:
        WeightsError: a file cannot be read, or there are no weights for the network.
    """
    resolved = map_files(recipe, lambda file: FileRef(file.path, weight_files.sha256_of(Path(file.path))))
    local = {kind: _resolved(LOCAL_PLUGINS, kind, config) for kind, config in resolved.local.items()}
    return dataclasses.replace(
        resolved,
        global_config=_resolved(GLOBAL_PLUGINS, resolved.global_kind, resolved.global_config),
        local=MappingProxyType(local),
    )


def _resolved(package: str, kind: str, config: object) -> object:
    plugin = plugins.load(package, kind)
    return plugin.resolve(config) if hasattr(plugin, "resolve") else config


def with_fitted(recipe: Recipe, paths: Iterable[str]) -> Recipe:
    """Give the recipe with these files of `retrieve fit-codebook`, each for the descriptor that it names.

    Raises:
        WeightsError: a file cannot be read or is no such file.
        ConfigError: the recipe does not keep the descriptor that a file is for.
    """
    local = dict(recipe.local)
    for path in paths:
        _, note = fitted.read(Path(path), ())
        if note.kind not in local:
            raise ConfigError(
                f"{path!r} is for {note.kind} descriptors, which the recipe does not keep; "
                f"add --local {','.join([*local, note.kind])}"
            )
        local[note.kind] = dataclasses.replace(
            local[note.kind],  # type: ignore[type-var]
            **{fitted.noun(note.kind): FileRef(path)},
        )
    return dataclasses.replace(recipe, local=MappingProxyType(local))


def without_foreign(recipe: Recipe, origin: Recipe, asked: Collection[str] = ()) -> tuple[Recipe, list[str]]:
    """Leave out what `recipe` has from `origin` for a network that is not its own; name those settings.

    Tuned layers, a head and a whitening belong to a backbone with its weights; what is `asked` for by
    the name of its setting stays.
    """
    if {recipe.global_kind, origin.global_kind} != {"network"} or _network(recipe) == _network(origin):
        return recipe, []
    files = configs.files(recipe.global_config).keys() - {"weights", *asked}
    left_out = sorted(files & configs.files(origin.global_config).keys())
    config = dataclasses.replace(recipe.global_config, **dict.fromkeys(left_out, NO_FILE))  # type: ignore[type-var]
    return dataclasses.replace(recipe, global_config=config), left_out


def _network(recipe: Recipe) -> tuple[str, str]:
    config = recipe.global_config
    weights = config.weights.path  # type: ignore[attr-defined]
    return config.backbone, os.path.abspath(weights) if weights else ""  # type: ignore[attr-defined]


def named(recipe: Recipe) -> Iterator[FileRef]:
    """Give the files of a resolved recipe that lie on this machine; packaged weights have no path."""
    for config in (recipe.global_config, *recipe.local.values()):
        yield from (file for file in configs.files(config).values() if file.path)


def found_in(recipe: Recipe, folder: Path) -> Recipe:
    """Point at its copy in `folder` every file whose sha256 the recipe says and of which there is one."""

    def found(file: FileRef) -> FileRef:
        copy = folder / file.sha256
        return FileRef(str(copy), file.sha256) if file.sha256 and copy.is_file() else file

    return map_files(recipe, found)


def with_folder(recipe: Recipe, folder: Path) -> Recipe:
    """Point every file at its copy in `folder`, where copies are named by their sha256."""
    return map_files(recipe, lambda file: FileRef(str(folder / file.sha256), file.sha256))
