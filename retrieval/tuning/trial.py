"""Queries that were described and searched once, on which chains are tried without matching twice."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evaluate.errors import EvaluationError
from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.truth import Truth
from extract.errors import ConfigError, PhotosError
from rerank.chain import Chain
from rerank.fusion import Fusion, fuse
from rerank.protocols import Queries, Reranker
from rerank.ranking import PAD, Ranking
from retrieval.described import Described
from retrieval.engine import Engine
from retrieval.tuning.left_out import LeftOut, without
from retrieval.tuning.steps import Step

# v = 1 gives the input with the local scores beside it, which is all that a sweep needs.
UNFUSED = Fusion(1.0)

# As many places as evaluate looks at.
_DEPTH = 100
_PROBED_QUERIES = 4
_TIMED_QUERIES = 8
_SAMPLED_PHOTOS = 64
# Local scores of one pair may differ by this much with the pairs beside it: products round otherwise.
_TOLERANCE = 1e-5


@dataclass
class Trial:
    """Q queries in the order of `truth`, with rows that each must not find, `left_out`.

    `depth` places count in the figure; up to `max_top` candidates are re-ranked.
    """

    engine: Engine
    queries: Queries
    truth: Truth
    left_out: Sequence[NDArray[np.int64]]
    depth: int
    max_top: int
    _seen: dict[Step, list[dict[int, dict[str, float]]]] = field(default_factory=dict, init=False)
    _pairwise: dict[Step, bool] = field(default_factory=dict, init=False)
    _plain: dict[Step, bool] = field(default_factory=dict, init=False)

    @cached_property
    def base(self) -> Ranking:
        """The global ranking, as deep as any chain or figure looks."""
        deep = max(self.depth, self.max_top)
        extra = max(len(rows) for rows in self.left_out)
        count = min(deep + extra, max(1, len(self.engine.index)))
        found = self.engine.index.search(self.queries.vectors, count)
        return without(found, self.left_out).top(deep)

    def run(self, chain: Chain) -> Ranking:
        """Rank with `chain` in full, as the engine does without the rows left out, `depth` places."""
        head = self.base.top(chain.top)
        for step, top in zip(chain.steps, chain.tops, strict=True):
            part = head.top(top)
            lines = [self._one(step, _line(part, query), query) for query in range(len(self.queries))]
            head = head.with_head(_joined(lines))
        return self.base.with_head(head).top(self.depth)

    def apply(self, step: Step, ranking: Ranking, places: Sequence[int] | None = None) -> Ranking:
        """Re-rank line i of `ranking` for the query places[i], by default for all; nothing is remembered."""
        built = step.build()
        return _joined(
            [
                self._one(built, _line(ranking, line), query)
                for line, query in enumerate(places if places is not None else range(len(self.queries)))
            ]
        )

    def evidence(self, step: Step, ranking: Ranking) -> Ranking:
        """Give what `step` fuses: the input's scores, and its own in the column `local`."""
        plain = replace(step.with_fusion(UNFUSED), top=0)
        if not self.is_pairwise(step):
            return self.apply(plain, ranking)
        seen = self._seen.setdefault(plain, [{} for _ in range(len(self.queries))])
        self._look_at_new(plain, ranking, seen)
        names = next((list(columns) for one in seen for columns in one.values()), ["local"])
        columns = {name: np.full(ranking.rows.shape, np.nan, np.float32) for name in names}
        for query, rows in enumerate(ranking.rows):
            used = rows != PAD
            for name, values in columns.items():
                values[query, used] = [seen[query][row][name] for row in rows[used].tolist()]
        return ranking.with_columns(columns)

    def is_pairwise(self, step: Step) -> bool:
        """Say whether a candidate's local score depends on nothing but the query and the candidate.

        It is tried out: half of the candidates in reverse must get the scores that they had.
        """
        plain = replace(step.with_fusion(UNFUSED), top=0)
        if plain not in self._pairwise:
            probed = range(min(_PROBED_QUERIES, len(self.queries)))
            whole = Ranking(self.base.rows[: len(probed)], self.base.scores[: len(probed)]).top(self.max_top)
            half = _reversed(whole.top(max(1, self.max_top // 2)))
            seen, again = (self.apply(plain, ranking, probed) for ranking in (whole, half))
            self._pairwise[plain] = (
                np.array_equal(seen.rows, whole.rows)
                and np.array_equal(again.rows, half.rows)
                and all(_local_agree(seen, again, query) for query in probed)
            )
        return self._pairwise[plain]

    def is_fused_plainly(self, step: Step) -> bool:
        """Say whether other weights can be had from one run: a run with them must give the same ranking."""
        if not step.is_fused:
            return False
        unfused = replace(step.with_fusion(UNFUSED), top=0)
        if unfused not in self._plain:
            self._plain[unfused] = self._try_fusion(step, Fusion(0.5, "minmax"))
        return self._plain[unfused]

    def milliseconds(self, chain: Chain) -> float:
        """Measure search and re-ranking of one query, the median of a few, after one to warm up."""
        own = np.array([rows[0] if len(rows) else PAD for rows in self.truth.ignored], np.int64)
        count = len(self.queries)
        chosen = np.unique(np.linspace(0, count - 1, min(count, _TIMED_QUERIES)).astype(int))
        seconds = []
        for query in (chosen[0], *chosen):
            started = time.perf_counter()
            self.engine.search(self.queries.one(query), self.depth, chain, exclude=own[query : query + 1])
            seconds.append(time.perf_counter() - started)
        return 1000 * float(np.median(seconds[1:]))

    def bytes_a_photo(self, kinds: frozenset[str]) -> float:
        """Weigh the descriptors that a chain reads: the global vector and local features of these kinds."""
        store = self.engine.store
        live = np.flatnonzero(store.live)
        rows = live[np.unique(np.linspace(0, len(live) - 1, min(len(live), _SAMPLED_PHOTOS)).astype(int))]
        total = 2.0 * store.dim
        for kind in kinds:
            packed = store.features(kind, rows)
            size = packed.points.nbytes + packed.descriptors.nbytes + packed.scores.nbytes
            total += size / len(rows)
        return total

    def _try_fusion(self, step: Step, fusion: Fusion) -> bool:
        probed = range(min(_PROBED_QUERIES, len(self.queries)))
        head = Ranking(self.base.rows[: len(probed)], self.base.scores[: len(probed)]).top(self.max_top)
        unfused = self.apply(step.with_fusion(UNFUSED), head, probed)
        if "local" not in unfused.columns:
            return False
        expected = fuse(unfused, unfused.columns["local"], fusion)
        real = self.apply(step.with_fusion(fusion), head, probed)
        return np.array_equal(real.used, expected.used) and bool(
            np.allclose(real.scores[real.used], expected.scores[real.used], atol=_TOLERANCE)
        )

    def _database(self, query: int) -> LeftOut:
        return LeftOut(self.engine, self.left_out[query])

    def _one(self, built: Reranker, line: Ranking, query: int) -> Ranking:
        done = built.rerank(line, self.queries.one(query), self._database(query))
        return without(done, [self.left_out[query]])

    def _look_at_new(self, step: Step, ranking: Ranking, seen: list[dict[int, dict[str, float]]]) -> None:
        built = step.build()
        for query, rows in enumerate(ranking.rows):
            new = np.array([row for row in rows[rows != PAD].tolist() if row not in seen[query]], np.int64)
            if not len(new):
                continue
            line = Ranking(new[None], np.linspace(1, 0, len(new), dtype=np.float32)[None])
            done = self._one(built, line, query)
            for place, row in enumerate(done.rows[0].tolist()):
                seen[query][row] = {name: float(values[0, place]) for name, values in done.columns.items()}


def on_queries(engine: Engine, described: Described, truth: Truth, metric: Metric, max_top: int) -> Trial:
    """Make a trial of the queries of `truth` that could be described; none finds its own photograph.

    Raises:
        PhotosError: no query could be read.
        ConfigError: the metric is no mean over queries.
    """
    names = described.photos.ids
    if not names:
        raise PhotosError("none of the query photos could be read")
    place = {name: number for number, name in enumerate(truth.query_ids)}
    order = [place[name] for name in names]
    ordered = Truth(
        tuple(names),
        tuple(truth.relevant[number] for number in order),
        tuple(truth.ignored[number] for number in order),
        tuple(truth.usages[number] for number in order),
    )
    depth = max(_DEPTH, getattr(metric, "k", 0) or 0)
    trial = Trial(engine, described.queries, ordered, ordered.ignored, depth, max_top)
    outcome = Outcome.from_rows(ordered, trial.base.top(depth).rows)
    try:
        mean = metric.per_query(outcome).mean()
        is_mean = bool(np.isclose(metric.figure(outcome, np.ones((1, len(names))))[0], mean))
    except EvaluationError:
        # It wants labels of neighbours, and then it is no mean either.
        is_mean = False
    if not is_mean:
        raise ConfigError(
            f"tune compares query by query and {metric.name} is no mean over queries; take map@K"
        )
    return trial


def _line(ranking: Ranking, query: int) -> Ranking:
    part = slice(query, query + 1)
    columns = {name: values[part] for name, values in ranking.columns.items()}
    return Ranking(ranking.rows[part], ranking.scores[part], columns)


def _joined(lines: Sequence[Ranking]) -> Ranking:
    """Put lines of several widths below each other; a column that one of them lacks is left out."""
    width = max(line.rows.shape[1] for line in lines)
    names = set.intersection(*(set(line.columns) for line in lines))

    def padded(values: NDArray[np.generic], blank: float) -> NDArray[np.generic]:
        return np.pad(values, ((0, 0), (0, width - values.shape[1])), constant_values=blank)

    return Ranking(
        np.concatenate([padded(line.rows, PAD) for line in lines]),
        np.concatenate([padded(line.scores, -np.inf) for line in lines]),
        {name: np.concatenate([padded(line.columns[name], np.nan) for line in lines]) for name in names},
    )


def _reversed(ranking: Ranking) -> Ranking:
    rows = np.full_like(ranking.rows, PAD)
    for query, used in enumerate(ranking.used):
        rows[query, : used.sum()] = ranking.rows[query, used][::-1]
    return Ranking(rows, ranking.scores)


def _local_agree(seen: Ranking, again: Ranking, query: int) -> bool:
    before = dict(zip(seen.rows[query].tolist(), seen.columns["local"][query].tolist(), strict=True))
    used = again.used[query]
    expected = [before[row] for row in again.rows[query, used].tolist()]
    return np.allclose(again.columns["local"][query, used], expected, atol=_TOLERANCE)
