"""The re-rankers of a chain as `tune` handles them: with other weights, and with what each of them costs."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from rerank import chain as chains
from rerank.chain import METHODS, Chain
from rerank.fusion import Fusion
from rerank.protocols import Reranker

_SWEPT = {"v", "calibration", "curve"}


@dataclass(frozen=True)
class Step:
    """One re-ranker by name, with its configuration; `top` is its own, 0 where it has none."""

    name: str
    config: object
    top: int = 0

    @property
    def is_fused(self) -> bool:
        """Whether it has the settings that are searched: v, calibration, curve."""
        names = {field.name for field in dataclasses.fields(self.config)}  # type: ignore[arg-type]
        return names >= _SWEPT

    @property
    def fusion(self) -> Fusion:
        """Its own v and calibration."""
        plain = configs.to_plain(self.config)
        return configs.from_plain(Fusion, {name: plain[name] for name in _SWEPT}, self.name)

    @property
    def text(self) -> str:
        """Its name, and its own top where it has one."""
        return f"{self.name}:top={self.top}" if self.top else self.name

    def with_fusion(self, fusion: Fusion) -> "Step":
        """Give the step with another v and calibration."""
        changed = dataclasses.replace(
            self.config,  # type: ignore[type-var]
            v=fusion.v,
            calibration=fusion.calibration,
            curve=fusion.curve,
        )
        return Step(self.name, changed, self.top)

    def build(self) -> Reranker:
        """Build the re-ranker."""
        built: Reranker = plugins.load(METHODS, self.name).build(self.config)
        return built

    def options(self) -> dict[str, object]:
        """Give the settings that are not the default, as they stand in a recipe, v and calibration always."""
        default = configs.to_plain(type(self.config)())
        plain = configs.to_plain(self.config)
        always = {"v", "calibration"}
        return {key: value for key, value in plain.items() if key in always or value != default[key]}


@dataclass(frozen=True)
class Candidate:
    """A chain that is tried; no step is `none`."""

    steps: tuple[Step, ...]

    @property
    def names(self) -> str:
        """The chain's text without settings but each step's own top, as a recipe holds it."""
        return ",".join(step.text for step in self.steps) or chains.NONE

    @property
    def text(self) -> str:
        """The chain's text with every v, and the settings that are not the default, but no curve."""
        texts = []
        for step in self.steps:
            told = {key: value for key, value in step.options().items() if key != "curve"}
            texts.append(":".join([step.text, *(f"{key}={value}" for key, value in told.items())]))
        return ",".join(texts) or chains.NONE

    @property
    def needs(self) -> frozenset[str]:
        """Kinds of local features that the steps read."""
        return frozenset().union(*(step.build().needs for step in self.steps))

    def chain(self, top: int) -> Chain:
        """Build the chain."""
        built = tuple(step.build() for step in self.steps)
        return Chain(self.names, built, top, tuple(step.top or top for step in self.steps))

    def on(self, top: int, most: int) -> tuple["Candidate", int]:
        """Give the chain that tries `top` candidates, and how many it begins with, `most` or as many.

        Where a search or a new order comes first and local evidence last, only the latter is spared.
        """
        *leading, last = self.steps or (None,)
        spared = last and leading and not last.top and last.build().needs
        if spared and last and not any(step.build().needs for step in leading if step):
            return Candidate((*self.steps[:-1], replace(last, top=top))), most
        return self, top


def candidate(text: str, options: Mapping[str, Mapping[str, object]]) -> Candidate:
    """Read a chain's text; what it does not say is taken from `options` or the defaults.

    Raises:
        PluginError: a re-ranker is unknown.
        ConfigError: a setting is wrong, or a re-ranker is there twice.
    """
    chains.parse(text, options=options)
    steps = tuple(Step(*step) for step in chains.settings(text, options=options))
    names = [step.name for step in steps]
    if len(set(names)) < len(names):
        raise ConfigError(f"the chain {text!r} names a re-ranker twice; a recipe holds one setting of each")
    return Candidate(steps)


def combined(singles: Sequence[Candidate], milliseconds: Mapping[str, float]) -> list[Candidate]:
    """Put two steps behind one another where that makes sense, the most promising kinds first.

    What needs no local descriptors widens or reorders, and local evidence then judges it; two kinds of
    local evidence go cheap before dear; last, local evidence ahead of what builds on the first hits.
    """
    local = [single.steps[0] for single in singles if single.needs]
    other = [single.steps[0] for single in singles if single.steps and not single.needs]
    local.sort(key=lambda step: (milliseconds[step.name], step.name))
    pairs = [(first, second) for first in other for second in local]
    pairs += [(first, second) for place, first in enumerate(local) for second in local[place + 1 :]]
    pairs += [(first, second) for first in local for second in other]
    return [Candidate(pair) for pair in pairs]
