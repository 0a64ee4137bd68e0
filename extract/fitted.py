"""Files that are fitted on photographs: tensors beside a note of what they were fitted on and for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import config as configs
from extract import plugins, tensor_file
from extract.errors import ConfigError, WeightsError
from extract.recipe import LOCAL_PLUGINS, Recipe

Tensors = dict[str, NDArray[np.generic]]

_NOTE = "landmark-retrieval"
_LISTED_DIFFERENCES = 3
_SHOWN_HASH = 12


@dataclass(frozen=True)
class Network:
    """A backbone by its timm name, its weights and the layers tuned over them (or '') by their sha256."""

    backbone: str
    weights: str
    tuned: str = ""

    @classmethod
    def of(cls, recipe: Recipe) -> "Network | None":
        """Give the network of a resolved recipe, or None for a recipe without one."""
        if recipe.global_kind != "network":
            return None
        config = recipe.global_config
        return cls(config.backbone, config.weights.sha256, config.tuned.sha256)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        tuned = f" and the tuned layers {self.tuned[:_SHOWN_HASH]}" if self.tuned else ""
        return f"{self.backbone} with the weights {self.weights[:_SHOWN_HASH]}{tuned}"


@dataclass(frozen=True)
class Note:
    """What a fitted file is for and what it was fitted on.

    `kind` is the local descriptor that it is for; `source` the one whose descriptors it was fitted on,
    with its plain settings `config` (files by sha256), or '' for the feature map itself; `network` is the
    one behind them, None where there is none; `more` is for people: counts and the seed.
    """

    kind: str
    source: str = ""
    config: Mapping[str, object] = field(default_factory=dict)
    network: Network | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    def source_config(self) -> object:
        """Build the settings of `source`."""
        plugin = plugins.load(LOCAL_PLUGINS, self.source)
        return configs.from_plain(plugin.Config, self.config, f"local.{self.source}")


def noun(kind: str) -> str:
    """Say what the file of a local descriptor is, which is also the name of its setting."""
    return str(plugins.load(LOCAL_PLUGINS, kind).FITTED)


def write(path: Path, tensors: Tensors, note: Note) -> None:
    """Save as safetensors, replaced whole.

    Raises:
        WeightsError: the file cannot be written.
    """
    # One text, since safetensors writes several in another order each time, and the hash would differ.
    text = json.dumps(configs.to_plain(note), sort_keys=True)
    tensor_file.write(path, tensors, {_NOTE: text})


def read(path: Path, names: tuple[str, ...]) -> tuple[Tensors, Note]:
    """Read the tensors `names` and the note.

    Raises:
        WeightsError: the file is absent, or no such file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_NOTE)
            if text is None:
                raise ValueError("it carries no note of what it is for")
            tensors = {name: file.get_tensor(name) for name in names}
        return tensors, configs.from_plain(Note, json.loads(text), "its note")
    except (OSError, SafetensorError, ValueError, ConfigError) as error:
        raise WeightsError(
            f"{str(path)!r} is not a codebook or projection ({error}); `retrieve fit-codebook` writes one"
        ) from error


def check_source(note: Note, path: str, recipe: Recipe) -> None:
    """Refuse a file that was fitted on other descriptors or another network than the recipe's.

    Raises:
        ConfigError: one sentence that names the difference and what can be done.
    """
    remedy = f"or fit one with this recipe by `retrieve fit-codebook PHOTOS --kind {note.kind} --out FILE`"
    start = f"{path!r} is a {noun(note.kind)} from another recipe"
    network = Network.of(recipe)
    if note.network and note.network != network:
        raise ConfigError(
            f"{start}: it was fitted on {note.network}, this recipe has {network or 'no network'}; "
            f"take its network with --backbone and --weights, {remedy}"
        )
    if note.source not in recipe.local:
        return
    sides = (
        {"local": {note.source: configs.without_paths(configs.to_plain(config))}}
        for config in (note.source_config(), recipe.local[note.source])
    )
    differences = configs.differences(*sides)
    if differences:
        raise ConfigError(
            f"{start}: it was fitted with {'; '.join(differences[:_LISTED_DIFFERENCES])}; "
            f"give the recipe these settings (--set KEY=VALUE), {remedy}"
        )
