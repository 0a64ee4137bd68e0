"""The extractors of a recipe, built together, and the shape that each of them must have."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from extract import config as configs
from extract import fitted, images, plugins
from extract.config import NO_FILE
from extract.errors import ConfigError
from extract.features import Features
from extract.fitted import Note
from extract.recipe import GLOBAL_PLUGINS, LOCAL_PLUGINS, Recipe


class GlobalExtractor(Protocol):
    """Photographs to vectors of length `dim`; every method may run in several threads at once.

    `batch_size` is how many pictures of one shape `extract` likes to have at once; `channels` is how many
    numbers each position of its feature map has, 0 where it makes none (and no `extract_with_maps`).
    """

    dim: int
    batch_size: int
    channels: int

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bring one photograph's pixels (h, w, 3) to the size that `extract` takes."""
        ...

    def extract(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Describe prepared pictures of one shape, (B, h, w, 3), as (B, dim) float32."""
        ...

    def extract_with_maps(self, batch: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give, beside what `extract` gives, the feature maps (B, channels, h, w) float32."""
        ...


class PhotoExtractor(Protocol):
    """A plug-in whose SOURCE is "photo"; may run in several threads at once.

    `empty` holds features of a photograph that failed: none, at the right widths and types. So for all.
    """

    empty: Features

    def extract(self, photo: images.Photo) -> Features:
        """Describe one photograph; no keypoint is no error."""
        ...


class MapExtractor(Protocol):
    """A plug-in whose SOURCE is "map"; `note` tells of a fitted `file` that it uses, None without one."""

    empty: Features
    file: str
    note: Note | None

    def extract_map(self, feature_map: NDArray[np.float32]) -> Features:
        """Describe one photograph by its feature map (C, h, w)."""
        ...


class DerivedExtractor(Protocol):
    """A plug-in whose SOURCE is "features"; `note` of its fitted `file` names the kind that it reads."""

    empty: Features
    file: str
    note: Note

    def derive(self, features: Features) -> Features:
        """Describe one photograph by its features of the source kind; none are no error."""
        ...


@dataclass(frozen=True)
class Derived:
    """A derived descriptor, and the name of the extractor among the others that it reads."""

    reads: str
    extractor: DerivedExtractor


@dataclass(frozen=True)
class Extractors:
    """Everything that a photograph passes through.

    Extractors stand under the kind that the recipe has them for; `kept` are the recipe's kinds in its order.
    One that is not kept, a source of derived ones alone, has a name that is no kind.
    """

    photos: images.Config
    vector: GlobalExtractor
    from_photo: Mapping[str, PhotoExtractor]
    from_map: Mapping[str, MapExtractor]
    derived: Mapping[str, Derived]
    kept: tuple[str, ...]

    @property
    def empty(self) -> dict[str, Features]:
        """Features of a photograph that failed, by kind."""
        derived = {kind: one.extractor for kind, one in self.derived.items()}
        return {kind: {**self.from_photo, **self.from_map, **derived}[kind].empty for kind in self.kept}

    def only(self, kinds: Collection[str]) -> "Extractors":
        """Give those that make the local descriptors `kinds`, and keep no others."""
        derived = {kind: one for kind, one in self.derived.items() if kind in kinds}
        wanted = {*kinds, *(one.reads for one in derived.values())}
        return dataclasses.replace(
            self,
            from_photo={name: one for name, one in self.from_photo.items() if name in wanted},
            from_map={name: one for name, one in self.from_map.items() if name in wanted},
            derived=derived,
            kept=tuple(kind for kind in self.kept if kind in kinds),
        )

    def features_of_photo(self, photo: images.Photo) -> dict[str, Features]:
        """Make the local features that come from the photograph, and those derived from them."""
        return self._completed({name: one.extract(photo) for name, one in self.from_photo.items()})

    def features_of_map(self, feature_map: NDArray[np.float32]) -> dict[str, Features]:
        """Make the local features that come from the feature map (C, h, w), and those derived from them."""
        return self._completed({name: one.extract_map(feature_map) for name, one in self.from_map.items()})

    def _completed(self, made: dict[str, Features]) -> dict[str, Features]:
        derived = {
            kind: one.extractor.derive(made[one.reads])
            for kind, one in self.derived.items()
            if one.reads in made
        }
        return {kind: features for kind, features in {**made, **derived}.items() if kind in self.kept}


def build(recipe: Recipe) -> Extractors:
    """Load what a resolved recipe names.

    Raises:
        RetrieveError: a plug-in, a library, weights or a codebook are missing, or a codebook or projection
            was fitted with another recipe.
    """
    vector: GlobalExtractor = plugins.load(GLOBAL_PLUGINS, recipe.global_kind).build(recipe.global_config)
    sources: dict[str, dict[str, object]] = {"photo": {}, "map": {}}
    derived = {}

    def add(name: str, kind: str, config: object) -> None:
        plugin = plugins.load(LOCAL_PLUGINS, kind)
        if plugin.SOURCE == "map":
            _check_maps(vector, kind, recipe)
            extractor = plugin.build(config, vector.channels)
            if extractor.note:
                fitted.check_source(extractor.note, extractor.file, recipe)
        else:
            extractor = plugin.build(config)
        sources[plugin.SOURCE][name] = extractor

    for kind, config in recipe.local.items():
        plugin = plugins.load(LOCAL_PLUGINS, kind)
        if plugin.SOURCE != "features":
            add(kind, kind, config)
            continue
        extractor: DerivedExtractor = plugin.build(config)
        fitted.check_source(extractor.note, extractor.file, recipe)
        reads = _name_of_source(extractor.note, recipe)
        derived[kind] = Derived(reads, extractor)
        if reads not in recipe.local and not any(reads in made for made in sources.values()):
            add(reads, extractor.note.source, _source_config(extractor, kind))
    return Extractors(
        recipe.photos,
        vector,
        sources["photo"],  # type: ignore[arg-type]
        sources["map"],  # type: ignore[arg-type]
        derived,
        tuple(recipe.local),
    )


def _check_maps(vector: GlobalExtractor, kind: str, recipe: Recipe) -> None:
    if not vector.channels:
        raise ConfigError(
            f"{kind} descriptors are made of a network's feature map, which global.kind "
            f"{recipe.global_kind!r} does not have; take a recipe with a network, e.g. --recipe default"
        )


def _name_of_source(note: Note, recipe: Recipe) -> str:
    """Share a source that the recipe keeps; one that it does not keep is named by its settings."""
    return note.source if note.source in recipe.local else f"{note.source} {configs.digest(note.config)}"


def _source_config(extractor: DerivedExtractor, kind: str) -> object:
    """Build the settings of a source that the recipe does not keep; the plug-in finds their files."""
    source = extractor.note.source
    plugin = plugins.load(LOCAL_PLUGINS, source)
    wanted = extractor.note.source_config()
    found = dataclasses.replace(wanted, **dict.fromkeys(configs.files(wanted), NO_FILE))  # type: ignore[type-var]
    if hasattr(plugin, "resolve"):
        found = plugin.resolve(found)
    plain = [configs.without_paths(configs.to_plain(config)) for config in (wanted, found)]
    if plain[0] != plain[1]:
        raise ConfigError(
            f"{extractor.file!r} was fitted on {source} descriptors with files that have to be given too "
            f"({'; '.join(configs.differences({source: plain[0]}, {source: plain[1]}))}); "
            f"add {source} to --local, e.g. --local {source},{kind}, and set them for it"
        )
    return found
