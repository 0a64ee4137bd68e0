"""Search chain, v, calibration and number of candidates on labelled queries, cross-validated by place."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.truth import Truth
from extract import plugins
from extract.errors import ConfigError, PluginError, RetrieveError
from rerank.chain import METHODS
from retrieval.described import Described
from retrieval.engine import Engine
from retrieval.tuning import presence_fit
from retrieval.tuning.choice import Option, choose, held_out
from retrieval.tuning.places import folds as make_folds
from retrieval.tuning.places import places
from retrieval.tuning.presence_fit import PresenceFit
from retrieval.tuning.result import Row, Settings, Tuned, figures
from retrieval.tuning.steps import Candidate, candidate, combined
from retrieval.tuning.sweep import Swept, sweep
from retrieval.tuning.trial import Trial, on_queries

logger = logging.getLogger(__name__)

# More than this takes long and says little; the most promising come first and --chains names others.
_MAX_CHAINS = 40
# What the search and the chain in full may differ by, which is rounding.
_SAME = 1e-6

# Called with the number of chains tried, about how many there are, and the one that comes now.
OnChain = Callable[[int, int, str], None]


def tune(
    engine: Engine,
    described: Described,
    truth: Truth,
    metric: Metric,
    settings: Settings,
    *,
    chains: Sequence[Candidate] | None = None,
    on_chain: OnChain = lambda done, total, text: None,
) -> Tuned:
    """Try `chains`, by default all that the store's descriptors allow, on the queries that were described.

    The same seed finds the same figures; which of two chains is called faster rests on times measured.

    Raises:
        ConfigError: there are too few places, or the metric is no mean over queries.
        PhotosError: no query could be read.
        RetrieveError: one of `chains` cannot be run; of the default ones such are left out.
    """
    started = time.perf_counter()
    trial = on_queries(engine, described, truth, metric, max(settings.tops))
    numbers = places(trial.truth)
    folds = make_folds(numbers, settings.folds, np.random.default_rng(settings.seed))

    def attempt(one: Candidate, must: bool) -> list[Option]:
        return _options(trial, one, folds, metric, settings.tops, must=must)

    tried = list(
        _given(chains, attempt, on_chain) if chains is not None else _default(engine, attempt, on_chain)
    )
    everything = [option for options in tried for option in options]
    searched, single = held_out(everything, folds), [held_out(options, folds) for options in tried]
    told = figures(
        [searched, searched - single[0], *single, *(one - single[0] for one in single)], settings.seed
    )
    everyone = np.ones(len(folds), np.bool_)
    rows = [
        Row(options[choose(options, settings.folds, everyone)], figure, difference)
        for options, figure, difference in zip(tried, told[2:], told[2 + len(tried) :], strict=False)
    ]
    picked = everything[choose(everything, settings.folds, everyone)]
    best = rows[next(place for place, options in enumerate(tried) if picked in options)]
    chosen = best if told[1].low > 0 else rows[0]
    shown = best if best.option.swept.v_weights else max(rows, key=_shows_v)
    return Tuned(
        metric=metric.name,
        queries=len(folds),
        places=int(numbers.max()) + 1,
        rows=tuple(rows),
        chosen=chosen,
        best=shown,
        figure=told[0],
        difference=told[1],
        v_figures=tuple(figures(list(shown.option.swept.v_values), settings.seed)),
        presence=_presence(trial, chosen.option.swept, folds, metric, settings),
        seconds=time.perf_counter() - started,
    )


def singles(engine: Engine) -> list[Candidate]:
    """Give every re-ranker alone that the store's local descriptors allow, with the recipe's settings."""
    found = []
    for name in plugins.names(METHODS):
        try:
            one = candidate(name, engine.recipe.rerank.options)
            if one.needs <= set(engine.store.recipe.local):
                found.append(one)
        except (ConfigError, PluginError) as error:
            logger.info("%s is not tried: %s", name, error)
    return found


def _given(
    chains: Sequence[Candidate], attempt: Callable[[Candidate, bool], list[Option]], on_chain: OnChain
) -> Iterator[list[Option]]:
    """Try `none` and each of `chains` once."""
    distinct = {one.text: one for one in (Candidate(()), *chains)}
    for done, one in enumerate(distinct.values()):
        on_chain(done, len(distinct), one.names)
        yield attempt(one, True)


def _default(
    engine: Engine, attempt: Callable[[Candidate, bool], list[Option]], on_chain: OnChain
) -> Iterator[list[Option]]:
    """Try `none`, each re-ranker alone, then two of those that could be run."""
    first = [Candidate(()), *singles(engine)]
    done: list[Candidate] = []
    milliseconds: dict[str, float] = {}
    for number, one in enumerate(first):
        on_chain(number, len(first), one.names)
        options = attempt(one, False)
        if options:
            done.append(one)
            milliseconds[one.names] = options[-1].milliseconds
            yield options
    pairs = combined(done, milliseconds)
    chosen = pairs[: max(0, _MAX_CHAINS - len(done))]
    if len(chosen) < len(pairs):
        logger.info("%d chains of two are not tried; name them with --chains", len(pairs) - len(chosen))
    for number, one in enumerate(chosen, start=len(first)):
        on_chain(number, len(first) + len(chosen), one.names)
        options = attempt(one, False)
        if options:
            yield options


def _options(
    trial: Trial,
    one: Candidate,
    folds: NDArray[np.int64],
    metric: Metric,
    tops: Sequence[int],
    *,
    must: bool,
) -> list[Option]:
    """Sweep one chain; a chain that cannot be run here gives nothing unless it `must` be tried."""
    try:
        size = trial.bytes_a_photo(one.needs)
        tried = [one.on(top, max(tops)) for top in (sorted(set(tops)) if one.steps else [max(tops)])]
        return [
            Option(sweep(trial, part, top, folds, metric), trial.milliseconds(part.chain(top)), size)
            for part, top in tried
        ]
    except RetrieveError as error:
        if must:
            raise
        logger.info("%s is not tried: %s", one.names, error)
        return []


def _shows_v(row: Row) -> tuple[bool, float]:
    return bool(row.option.swept.v_weights), row.figure.value


def _presence(
    trial: Trial, swept: Swept, folds: NDArray[np.int64], metric: Metric, settings: Settings
) -> PresenceFit | None:
    chain = swept.tuned().chain(swept.top)
    answers = trial.run(chain)
    real = metric.per_query(Outcome.from_rows(trial.truth, answers.rows))
    if np.abs(real - swept.values[-1]).max() > _SAME:
        logger.warning(
            "run in full %s gives %.4f, in the search %.4f: one of its steps depends on more than it tells",
            swept.candidate.names,
            real.mean(),
            swept.values[-1].mean(),
        )
    try:
        return presence_fit.fit(trial, chain, answers, folds, settings.precision, settings.seed)
    except ConfigError as error:
        logger.warning("whether a place is in the collection cannot be told: %s", error)
        return None
