"""A chain of re-rankers from its text, e.g. `sift-ratio:v=0.4,sift-geometric`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from rerank.protocols import Database, Queries, Reranker
from rerank.ranking import Ranking

METHODS = "rerank.methods"
NONE = "none"


@dataclass(frozen=True)
class Chain:
    """Re-rankers that follow one another on the first `top` places; `text` names them."""

    text: str
    steps: tuple[Reranker, ...]
    top: int

    @property
    def needs(self) -> frozenset[str]:
        """Kinds of local features that the steps read."""
        return frozenset().union(*(step.needs for step in self.steps))

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Re-rank the head of `ranking`; the rows below keep their order behind it."""
        if not self.steps or not ranking.rows.size:
            return ranking
        head = ranking.top(self.top)
        for step in self.steps:
            head = step.rerank(head, queries, database)
        return ranking.with_head(head)


def parse(
    text: str,
    *,
    top: int = 100,
    options: Mapping[str, Mapping[str, object]] | None = None,
    v: float | None = None,
) -> Chain:
    """Build a chain; settings follow a name behind colons, e.g. `sift-ratio:ratio=0.8:v=0.4`.

    `options` holds settings by re-ranker for what the text does not say, `v` overrides that of every step.

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
    return Chain(",".join(text for text, _ in steps), tuple(step for _, step in steps), top)


def _step(text: str, options: Mapping[str, Mapping[str, object]], v: float | None) -> tuple[str, Reranker]:
    name, *texts = text.split(":")
    plugin = plugins.load(METHODS, name)
    settings = dict(_setting(text, one) for one in texts)
    if v is not None and "v" in {field.name for field in fields(plugin.Config)}:
        settings["v"] = v
    step: Reranker = plugin.build(_config(name, {**options.get(name, {}), **settings}))
    # The text says what was run, an overridden v included, since reports print it.
    return ":".join([name, *(f"{key}={value}" for key, value in settings.items())]), step


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
