"""A recipe: every setting that changes a stored number, its digest, and the presets that ship by name."""

import dataclasses
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


@dataclass(frozen=True)
class RerankSettings:
    """The chain that query and evaluate use when none is named; it changes no stored number.

    `chain` names re-rankers, split by commas, or `none`; `top` candidates are re-ranked; `options`
    holds each re-ranker's own settings by its name (checked where the chain is built).
    """

    chain: str = "none"
    top: int = 100
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.top < 1:
            raise ConfigError(f"rerank.top must be at least 1, got {self.top}")


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
        return configs.digest(_without_paths({**_counted(self), "version": EXTRACTION_VERSION}))

    def to_plain(self) -> dict[str, object]:
        """Give the recipe as it stands in TOML and in a store's state."""
        return {
            "name": self.name,
            "photos": configs.to_plain(self.photos),
            "global": {"kind": self.global_kind, **configs.to_plain(self.global_config)},
            "local": {kind: configs.to_plain(config) for kind, config in self.local.items()},
            "rerank": {
                "chain": self.rerank.chain,
                "top": self.rerank.top,
                **{name: dict(options) for name, options in self.rerank.options.items()},
            },
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
    """Read a preset by name, or a TOML file; files that it names are relative to its own folder.

    Raises:
        ConfigError: no such preset or file, or something in it is wrong (the sentence says what).
    """
    if name_or_file.endswith(".toml") or "/" in name_or_file:
        path = Path(name_or_file)
        recipe = from_plain({"name": path.stem, **configs.read_toml(path)}, repr(name_or_file))
        folder = path.parent.resolve()
        return map_files(recipe, lambda file: dataclasses.replace(file, path=str(folder / file.path)))
    if name_or_file not in preset_names():
        raise ConfigError(
            f"there is no recipe {name_or_file!r}{plugins.suggestion(name_or_file, preset_names())}"
            " (a recipe file's name ends in .toml)"
        )
    return from_plain({"name": name_or_file, **configs.read_toml(PRESETS / f"{name_or_file}.toml")})


def preset_names() -> list[str]:
    """List the recipes that ship by name, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def with_local(recipe: Recipe, kinds: Iterable[str]) -> Recipe:
    """Give the recipe with just these local descriptors; those that it does not have yet at their defaults.

    Where the recipe names no chain, the chain that the last of the descriptors recommends is used.
    """
    local: dict[str, object] = {}
    chain = recipe.rerank.chain
    for kind in kinds:
        plugin = plugins.load(LOCAL_PLUGINS, kind)
        local[kind] = recipe.local.get(kind, plugin.Config())
        if recipe.rerank.chain == "none":
            chain = plugin.RECOMMENDED_CHAIN
    if not local:
        chain = "none"
    rerank = dataclasses.replace(recipe.rerank, chain=chain)
    return dataclasses.replace(recipe, local=MappingProxyType(local), rerank=rerank)


def _table(values: Mapping[str, object], key: str, where: str) -> dict[str, object]:
    table = values.get(key, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {key} must be a table, got {table!r}")
    return dict(table)


def _rerank_settings(values: dict[str, object]) -> RerankSettings:
    options = {name: dict(value) for name, value in values.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in values.items() if name not in options}
    return configs.from_plain(RerankSettings, {**plain, "options": options}, "rerank")


def differences(ours: Recipe, theirs: Recipe) -> list[str]:
    """Say which settings that change a stored number differ, e.g. `global.size_px: 512, not 640`."""
    left, right = (_flat(_without_paths(_counted(recipe))) for recipe in (ours, theirs))
    absent = "nothing"
    return [
        f"{key}: {left.get(key, absent)}, not {right.get(key, absent)}"
        for key in sorted(left.keys() | right.keys())
        if left.get(key, absent) != right.get(key, absent)
    ]


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
    return {key: plain[key] for key in ("photos", "global", "local")}


def _without_paths(values: Mapping[str, object]) -> dict[str, object]:
    if set(values) == {"path", "sha256"}:
        return {"sha256": values["sha256"]}
    return {
        key: _without_paths(value) if isinstance(value, Mapping) else value for key, value in values.items()
    }


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in values.items():
        nested = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if nested else {prefix + key: value}  # type: ignore[arg-type]
    return flat
