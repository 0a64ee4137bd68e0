"""Evaluate an engine: describe the queries, search, re-rank, hold the rankings against the truth."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluate.metric import Metric
from evaluate.outcome import Outcome
from evaluate.report import Report, score
from evaluate.truth import Truth
from extract.errors import PhotosError
from extract.photos import Photos
from rerank.chain import Chain
from rerank.ranking import PAD, Ranking
from retrieval.described import Described
from retrieval.engine import Engine

logger = logging.getLogger(__name__)

_IGNORED = "ignored"


@dataclass(frozen=True)
class Benchmark:
    """A report, the ranking behind it (in the order of the truth's queries) and what it took."""

    report: Report
    truth: Truth
    ranking: Ranking
    failures: Mapping[str, str]
    seconds: Mapping[str, float]


def truth_from_labels(engine: Engine, queries: Photos) -> Truth:
    """Take as correct every photograph of the store that has the query's label.

    Query photographs without a label are left out, and counted in the log.

    Raises:
        PhotosError: no query, or no photograph of the store, has a label.
        EvaluationError: a query's label occurs nowhere else in the store.
    """
    usages = [metadata.get("usage", "").strip().lower() for metadata in queries.metadata]
    labelled = [row for row, label in enumerate(queries.labels) if label and usages[row] != _IGNORED]
    records = engine.store.records
    if not labelled:
        raise PhotosError(
            "the queries have no labels; give a CSV with the columns id, file, label, "
            "or a solution with --truth"
        )
    live = np.flatnonzero(engine.store.current)
    if not any(records.labels[row] for row in live):
        raise PhotosError(
            "the photographs of the store have no labels; index a CSV with the columns id, file, label, "
            "or give a solution with --truth"
        )
    if len(labelled) < len(queries):
        logger.warning(
            "%d query photos without a label, or ignored, are left out", len(queries) - len(labelled)
        )
    chosen = queries.select(labelled)
    return Truth.from_labels(
        chosen.ids,
        chosen.labels,
        live,
        [records.ids[row] for row in live],
        [records.labels[row] for row in live],
        [usages[row] for row in labelled],
    )


def describe(engine: Engine, queries: Photos, truth: Truth, chain: Chain) -> Described:
    """Describe the query photographs that `truth` asks about, with what `chain` needs.

    What is in only one of the two is told in the log.

    Raises:
        PhotosError: the two have no query in common.
    """
    wanted = set(truth.query_ids)
    asked = queries.select([row for row, name in enumerate(queries.ids) if name in wanted])
    if not len(asked):
        raise PhotosError(
            f"none of the query photos is in the truth: the photos have ids such as {queries.ids[0]!r}, "
            f"the truth has {truth.query_ids[0]!r}; make the ids agree"
        )
    if len(asked) < len(queries):
        logger.info("%d query photos are not in the truth and are left out", len(queries) - len(asked))
    if len(asked) < len(wanted):
        logger.warning("%d queries of the truth have no photo and count as wrong", len(wanted) - len(asked))
    return engine.describe(asked, chain)


def run(
    engine: Engine,
    described: Described,
    truth: Truth,
    metrics: Sequence[Metric],
    chain: Chain,
    *,
    depth: int = 100,
    seed: int = 0,
) -> Benchmark:
    """Rank `depth` photographs for every query of `truth` and score them.

    A query without a photograph, or whose photograph could not be read, has no answer and counts as wrong.
    A query that the store holds under the same id never finds itself.
    """
    names = described.photos.ids
    exclude = np.array([engine.rows_by_id.get(name, PAD) for name in names], np.int64)
    answer = engine.search(described.queries, depth, chain, exclude=exclude)
    ranking = _in_order(answer.ranking, names, truth.query_ids)
    outcome = _outcome(engine, described.asked, truth, ranking)
    report = score(truth, outcome, metrics, seed=seed)
    seconds = {"describe": described.seconds, **answer.seconds}
    return Benchmark(report, truth, ranking, described.failures, seconds)


def _in_order(ranking: Ranking, names: Sequence[str], query_ids: Sequence[str]) -> Ranking:
    """Bring the answers into the order of the truth's queries; those without an answer are all padding."""
    place = {name: number for number, name in enumerate(names)}
    order = np.array([place.get(name, len(names)) for name in query_ids])
    width = ranking.rows.shape[1]
    rows = np.concatenate([ranking.rows, np.full((1, width), PAD, np.int64)])[order]

    def padded(values: NDArray[np.float32], blank: float) -> NDArray[np.float32]:
        return np.asarray(np.concatenate([values, np.full((1, width), blank, np.float32)])[order])

    columns = {name: padded(values, np.nan) for name, values in ranking.columns.items()}
    return Ranking(rows, padded(ranking.scores, -np.inf), columns)


def _outcome(engine: Engine, queries: Photos, truth: Truth, ranking: Ranking) -> Outcome:
    labels = dict(zip(queries.ids, queries.labels, strict=True))
    query_labels = [labels.get(name, "") for name in truth.query_ids]
    if not all(query_labels):
        return Outcome.from_rows(truth, ranking.rows)
    return Outcome.from_rows(
        truth,
        ranking.rows,
        query_labels=query_labels,
        labels_by_row=dict(enumerate(engine.store.records.labels)),
    )
