"""A chain of re-rankers from its text, e.g. `sift-ratio:v=0.4,sift-geometric`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from rerank.protocols import Database, Queries, Reranker
from rerank.ranking import Ranking

METHODS = "rerank.methods"
NONE = "none"


@dataclass(frozen=True)
class Chain:
    """Re-rankers that follow one another on the first `top` places; `text` names them.

    `tops` holds for each step how many places it is handed; empty, all are handed `top`.
    """

    text: str
    steps: tuple[Reranker, ...]
    top: int
    tops: tuple[int, ...] = ()

    @property
    def needs(self) -> frozenset[str]:
        """Kinds of local features that the steps read."""
        return frozenset().union(*(step.needs for step in self.steps))

    def rerank(
        self,
        ranking: Ranking,
        queries: Queries,
        database: Database,
        *,
        exclude: NDArray[np.int64] | None = None,
    ) -> Ranking:
        """Re-rank the head of `ranking`; the rows below keep their order behind it.

        `exclude` (Q,) or (Q, E) names rows of each query that no step may bring in, padded with -1.
        """
        if not self.steps or not ranking.rows.size:
            return ranking
        head = ranking.top(self.top)
        for step, top in zip(self.steps, self.tops or (self.top,) * len(self.steps), strict=True):
            done = step.rerank(head.top(top), queries, database)
            head = head.with_head(done if exclude is None else done.without(exclude))
        return ranking.with_head(head)


def parse(
    text: str,
    *,
    top: int = 100,
    options: Mapping[str, Mapping[str, object]] | None = None,
    v: float | None = None,
) -> Chain:
    """Build a chain; settings follow a name behind colons, e.g. `sift-ratio:ratio=0.8:v=0.4`.

    The setting `top`, which every step takes, hands it fewer places than the chain has, e.g.
    `sift-geometric:top=30`. `options` holds settings by re-ranker for what the text does not say, `v`
    overrides that of every step.

    Raises:
        PluginError: a name is unknown.
        ConfigError: a setting is unknown or out of range, or options name a re-ranker that does not exist.
    """
    if top < 1:
        raise ConfigError(f"top must be at least 1, got {top}")
    options = options or {}
    for name, values in options.items():
        _config(name, values)
    names: Sequence[str] = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ConfigError(f"the chain {text!r} names no re-ranker; use {NONE!r} for the global ranking alone")
    if v is not None and not 0.0 <= v <= 1.0:
        raise ConfigError(f"v must be between 0 and 1, got {v!r}")
    if NONE in names:
        if len(names) > 1:
            raise ConfigError(f"{NONE!r} stands alone, it cannot be part of the chain {text!r}")
        return Chain(NONE, (), top)
    steps = [_step(name, options, v) for name in names]
    built = tuple(plugins.load(METHODS, step.name).build(step.config) for step in steps)
    # The text says what was run, an overridden v included, since reports print it.
    return Chain(",".join(step.text for step in steps), built, top, tuple(step.top or top for step in steps))


def settings(
    text: str, *, options: Mapping[str, Mapping[str, object]] | None = None, v: float | None = None
) -> list[tuple[str, object, int]]:
    """Give name, configuration and own `top` (0 without) of each step that `parse` would build.

    Raises:
        PluginError: a name is unknown.
        ConfigError: a setting is unknown or out of range.
    """
    steps = [name.strip() for name in text.split(",") if name.strip() and name.strip() != NONE]
    return [(step.name, step.config, step.top) for step in (_step(text, options or {}, v) for text in steps)]


class _Step(NamedTuple):
    """One step: its text as it is to be told, and what it is built from; `top` is 0 where it has none."""

    text: str
    name: str
    config: object
    top: int


def _step(text: str, options: Mapping[str, Mapping[str, object]], v: float | None) -> _Step:
    name, *texts = text.split(":")
    plugin = plugins.load(METHODS, name)
    stated = dict(_setting(text, one) for one in texts)
    if v is not None and "v" in {field.name for field in fields(plugin.Config)}:
        stated["v"] = v
    told = ":".join([name, *(f"{key}={value}" for key, value in stated.items())])
    own_top = "top" in stated
    top = stated.pop("top", 1)
    if not isinstance(top, int) or isinstance(top, bool) or top < 1:
        raise ConfigError(f"{text!r}: top must be a whole number above 0, got {top!r}")
    return _Step(told, name, _config(name, {**options.get(name, {}), **stated}), top if own_top else 0)


def _config(name: str, values: Mapping[str, object]) -> object:
    return configs.from_plain(plugins.load(METHODS, name).Config, values, f"rerank.{name}")


def _setting(step: str, text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{step!r}: a setting is KEY=VALUE, e.g. v=0.4, got {text!r}")
    try:
        return key.strip(), json.loads(value)
    except ValueError:
        return key.strip(), value.strip()
