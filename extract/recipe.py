"""A recipe: every setting that changes a stored number, its digest, and the presets that ship by name."""

import dataclasses
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from extract import config as configs
from extract import images, plugins
from extract.errors import ConfigError
from extract.recipe_version import EXTRACTION_VERSION

GLOBAL_PLUGINS = "extract.global_descriptors"
LOCAL_PLUGINS = "extract.local_descriptors"
PRESETS = Path(__file__).parent / "recipes"
# What a folder of `retrieve train` keeps its recipe in.
IN_FOLDER = "recipe.toml"

# Files of the global descriptor that a recipe may name since stores have been made: where none is named, the
# digest is what it was before.
_ADDED_FILES = ("head", "tuned")


@dataclass(frozen=True)
class RerankSettings:
    """The chain that query and evaluate use when none is named; it changes no stored number.

    `chain` names re-rankers, split by commas, or `best`, or `none`; `top` candidates are re-ranked; `options`
    holds each re-ranker's own settings by its name (checked where the chain is built). `presence` is
    the slope and intercept that turn the first hit's score of this chain into the chance that it is right;
    below `presence_threshold` the place counts as not in the collection.
    """

    chain: str = "best"
    top: int = 100
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    presence: tuple[float, ...] = ()
    presence_threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.top < 1:
            raise ConfigError(f"rerank.top must be at least 1, got {self.top}")
        if len(self.presence) not in (0, 2) or not all(map(math.isfinite, self.presence)):
            raise ConfigError(
                f"rerank.presence must be [slope, intercept] as `retrieve tune` fits them, "
                f"got {list(self.presence)}"
            )
        if not 0.0 <= self.presence_threshold <= 1.0:
            raise ConfigError(
                f"rerank.presence_threshold must be between 0 and 1, got {self.presence_threshold}"
            )


@dataclass(frozen=True)
class Recipe:
    """Settings of the photographs, the global descriptor and the local ones (by name)."""

    name: str
    photos: images.Config
    global_kind: str
    global_config: object
    local: Mapping[str, object]
    rerank: RerankSettings

    @property
    def digest(self) -> str:
        """Hash of everything that changes a stored number: files count by content, names and chain do not."""
        return configs.digest(configs.without_paths({**_counted(self), "version": EXTRACTION_VERSION}))

    def to_plain(self) -> dict[str, object]:
        """Give the recipe as it stands in TOML and in a store's state."""
        return {
            "name": self.name,
            "photos": configs.to_plain(self.photos),
            "global": {"kind": self.global_kind, **configs.to_plain(self.global_config)},
            "local": {kind: configs.to_plain(config) for kind, config in self.local.items()},
            "rerank": _plain_rerank(self.rerank),
        }


def from_plain(values: Mapping[str, object], where: str = "recipe") -> Recipe:
    """Build a recipe from a mapping; what is not said takes the default of its plug-in.

    Raises:
        ConfigError: a key is unknown, or a value is of another type or out of range.
        PluginError: a descriptor is unknown.
    """
    known = ("name", "photos", "global", "local", "rerank")
    for key in values:
        if key not in known:
            raise ConfigError(f"{where} has no table {key!r}{plugins.suggestion(key, sorted(known))}")
    photos = configs.from_plain(images.Config, _table(values, "photos", where), "photos")
    global_values = _table(values, "global", where)
    kind = str(global_values.pop("kind", "network"))
    global_config = configs.from_plain(plugins.load(GLOBAL_PLUGINS, kind).Config, global_values, "global")
    if getattr(global_config, "size_px", 0) > photos.max_side_px:
        raise ConfigError(
            f"global.size_px ({global_config.size_px}) is larger than photos.max_side_px "
            f"({photos.max_side_px}), to which every photograph is bounded first; raise the latter"
        )
    local = {
        name: configs.from_plain(
            plugins.load(LOCAL_PLUGINS, name).Config, _table({name: options}, name, "local"), f"local.{name}"
        )
        for name, options in _table(values, "local", where).items()
    }
    return Recipe(
        name=str(values.get("name", "unnamed")),
        photos=photos,
        global_kind=kind,
        global_config=global_config,
        local=MappingProxyType(local),
        rerank=_rerank_settings(_table(values, "rerank", where)),
    )


def load(name_or_file: str) -> Recipe:
    """Read a preset by name, a TOML file, or the recipe in a folder of `retrieve train`.

    Files that it names are relative to the folder that it lies in.

    Raises:
        ConfigError: no such preset, file or folder, or something in it is wrong (the sentence says what).
    """
    path = _file_of(name_or_file)
    name = path.resolve().parent.name if path.name == IN_FOLDER else path.stem
    recipe = from_plain({"name": name, **configs.read_toml(path)}, repr(name_or_file))
    folder = path.parent.resolve()
    return map_files(recipe, lambda file: dataclasses.replace(file, path=os.path.abspath(folder / file.path)))


def preset_names() -> list[str]:
    """List the recipes that ship by name, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def _file_of(name_or_file: str) -> Path:
    path = Path(name_or_file)
    if name_or_file in preset_names():
        return PRESETS / f"{name_or_file}.toml"
    if path.is_dir():
        if not (path / IN_FOLDER).is_file():
            raise ConfigError(
                f"the folder {name_or_file!r} holds no {IN_FOLDER}; one that `retrieve train` filled does, "
                f"else name a TOML file or one of {', '.join(preset_names())}"
            )
        return path / IN_FOLDER
    if name_or_file.endswith(".toml") or "/" in name_or_file:
        return path
    raise ConfigError(
        f"there is no recipe {name_or_file!r}{plugins.suggestion(name_or_file, preset_names())}"
        " (a recipe file's name ends in .toml)"
    )


def with_local(recipe: Recipe, kinds: Iterable[str]) -> Recipe:
    """Give the recipe with just these local descriptors; those that are new to it at their defaults."""
    local = {
        kind: recipe.local.get(kind, plugins.load(LOCAL_PLUGINS, kind).Config())
        for kind in dict.fromkeys(kinds)
    }
    return dataclasses.replace(recipe, local=MappingProxyType(local))


def _table(values: Mapping[str, object], key: str, where: str) -> dict[str, object]:
    table = values.get(key, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {key} must be a table, got {table!r}")
    return dict(table)


def _plain_rerank(settings: RerankSettings) -> dict[str, object]:
    plain: dict[str, object] = {"chain": settings.chain, "top": settings.top}
    if settings.presence:
        plain |= {"presence": list(settings.presence), "presence_threshold": settings.presence_threshold}
    return plain | {name: dict(options) for name, options in settings.options.items()}


def _rerank_settings(values: dict[str, object]) -> RerankSettings:
    options = {name: dict(value) for name, value in values.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in values.items() if name not in options}
    return configs.from_plain(RerankSettings, {**plain, "options": options}, "rerank")


def differences(ours: Recipe, theirs: Recipe) -> list[str]:
    """Say which settings that change a stored number differ, e.g. `global.size_px: 512, not 640`."""
    return configs.differences(*(configs.without_paths(_counted(recipe)) for recipe in (ours, theirs)))


def map_files(recipe: Recipe, change: Callable[[configs.FileRef], configs.FileRef]) -> Recipe:
    """Give the recipe with each file on this machine (those with a path) replaced by `change(file)`."""

    def changed(config: object) -> object:
        files = {name: change(file) for name, file in configs.files(config).items() if file.path}
        return dataclasses.replace(config, **files)  # type: ignore[type-var]

    local = {kind: changed(config) for kind, config in recipe.local.items()}
    return dataclasses.replace(
        recipe, global_config=changed(recipe.global_config), local=MappingProxyType(local)
    )


def _counted(recipe: Recipe) -> dict[str, object]:
    plain = recipe.to_plain()
    unset = [name for name in _ADDED_FILES if getattr(recipe.global_config, name, None) == configs.NO_FILE]
    described = {key: value for key, value in _table(plain, "global", "recipe").items() if key not in unset}
    return {"photos": plain["photos"], "global": described, "local": plain["local"]}
