"""A training recipe: every setting that changes the weights that come out, as TOML and with a digest."""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from train.settings import Network, Optimiser, Validation, Views

LOSSES = "train.losses"
MINERS = "train.miners"
SAMPLERS = "train.samplers"
PRESETS = Path(__file__).parent / "recipes"
_LEAST = {"seed": 0, "epochs": 1, "batch_size": 2, "memory": 0}
_TABLES = {"network": Network, "views": Views, "optimiser": Optimiser, "validation": Validation}


@dataclass(frozen=True)
class WeightedLoss:
    """One term of the loss: a plug-in's configuration and its weight in the sum."""

    config: object
    weight: float


@dataclass(frozen=True)
class TrainRecipe:
    """Settings of a run; `describe` holds the tables of the recipe (photos, global) that comes out of it.

    `losses` are terms by the name of their plug-in; `memory` counts the embeddings of past batches that the
    loss also sees; `labels` false trains without them, two views of a photograph being of one class.
    """

    name: str
    seed: int
    epochs: int
    batch_size: int
    memory: int
    labels: bool
    network: Network
    views: Views
    optimiser: Optimiser
    validation: Validation
    losses: Mapping[str, WeightedLoss]
    miner_kind: str
    miner: object
    sampler_kind: str
    sampler: object
    describe: Mapping[str, object]

    @property
    def digest(self) -> str:
        """Hash of every setting; files count by content, the name does not."""
        plain = {key: value for key, value in self.to_plain().items() if key != "name"}
        return configs.digest(configs.without_paths(plain))

    def to_plain(self) -> dict[str, object]:
        """Give the recipe as it stands in TOML."""
        plain: dict[str, object] = {
            key: getattr(self, key) for key in ("name", "seed", "epochs", "batch_size", "memory", "labels")
        }
        plain |= {name: configs.to_plain(getattr(self, name)) for name in _TABLES}
        plain["loss"] = {
            name: {"weight": term.weight, **configs.to_plain(term.config)}
            for name, term in self.losses.items()
        }
        plain["miner"] = {"kind": self.miner_kind, **configs.to_plain(self.miner)}
        plain["sampler"] = {"kind": self.sampler_kind, **configs.to_plain(self.sampler)}
        plain["recipe"] = dict(self.describe)
        return plain


def from_plain(values: Mapping[str, object], where: str = "recipe") -> TrainRecipe:
    """Build a recipe from a mapping; what is not said takes its default.

    Raises:
        ConfigError: a key is unknown, or a value is of another type or out of range.
        PluginError: a loss, miner or sampler is unknown.
    """
    plain = {"name": "unnamed", "seed": 0, "epochs": 3, "batch_size": 32, "memory": 0, "labels": True}
    known = (*plain, *_TABLES, "loss", "miner", "sampler", "recipe")
    for key in values:
        if key not in known:
            raise ConfigError(f"{where} has no setting {key!r}{plugins.suggestion(key, sorted(known))}")
    for key, default in plain.items():
        value = values.get(key, default)
        if type(value) is not type(default):
            raise ConfigError(f"{where}: {key} must be like {default!r}, got {value!r}")
        if isinstance(value, int) and value < _LEAST.get(key, value):
            raise ConfigError(f"{where}: {key} must be at least {_LEAST[key]}, got {value}")
        plain[key] = value
    tables: dict[str, object] = {
        name: configs.from_plain(cls, _table(values, name, where), name) for name, cls in _TABLES.items()
    }
    miner_kind, miner = _plugin(MINERS, _table(values, "miner", where), "all", "miner")
    sampler_kind, sampler = _plugin(SAMPLERS, _table(values, "sampler", where), "random", "sampler")
    return TrainRecipe(
        **plain,  # type: ignore[arg-type]
        **tables,  # type: ignore[arg-type]
        losses=MappingProxyType(_losses(_table(values, "loss", where))),
        miner_kind=miner_kind,
        miner=miner,
        sampler_kind=sampler_kind,
        sampler=sampler,
        describe=MappingProxyType(_table(values, "recipe", where)),
    )


def load(name_or_file: str) -> TrainRecipe:
    """Read a preset by name, or a TOML file; the files that it names are relative to its own folder.

    Raises:
        ConfigError: no such preset or file, or something in it is wrong (the sentence says what).
    """
    if name_or_file.endswith(".toml") or "/" in name_or_file:
        path, where = Path(name_or_file), repr(name_or_file)
    elif name_or_file in preset_names():
        path, where = PRESETS / f"{name_or_file}.toml", "recipe"
    else:
        raise ConfigError(
            f"there is no training recipe {name_or_file!r}{plugins.suggestion(name_or_file, preset_names())}"
            " (a recipe file's name ends in .toml)"
        )
    recipe = from_plain({"name": path.stem, **configs.read_toml(path)}, where)
    return dataclasses.replace(recipe, network=found(recipe.network, path.parent.resolve()))


def found(network: Network, folder: Path) -> Network:
    """Name the files of `network`, which lie relative to `folder`, so that they are found from any other."""
    files = {
        name: configs.FileRef(os.path.abspath(folder / file.path), file.sha256)
        for name, file in configs.files(network).items()
        if file.path
    }
    return dataclasses.replace(network, **files)  # type: ignore[arg-type]


def preset_names() -> list[str]:
    """List the training recipes that ship by name, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def _losses(tables: dict[str, object]) -> dict[str, WeightedLoss]:
    terms = {}
    for name, given in (tables or {"arcface": {}}).items():
        options = _table({name: given}, name, "loss")
        weight = options.pop("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            raise ConfigError(f"loss.{name}.weight must be a number above 0, got {weight!r}")
        config = configs.from_plain(plugins.load(LOSSES, name).Config, options, f"loss.{name}")
        terms[name] = WeightedLoss(config, float(weight))
    return terms


def _plugin(package: str, table: dict[str, object], default: str, where: str) -> tuple[str, object]:
    kind = str(table.pop("kind", default))
    return kind, configs.from_plain(plugins.load(package, kind).Config, table, where)


def _table(values: Mapping[str, object], key: str, where: str) -> dict[str, object]:
    table = values.get(key, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: {key} must be a table, got {table!r}")
    return dict(table)
