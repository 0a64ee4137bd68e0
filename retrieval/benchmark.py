"""Evaluate an engine: describe the queries, search, re-rank, hold the rankings against the truth."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluate.evaluation import report_of
from evaluate.formats.usages import IGNORED, usage_of
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.report import Report, Sampling
from evaluate.truth import Truth
from evaluate.truth_files import with_columns
from extract.errors import PhotosError
from extract.photos import Photos
from rerank.chain import Chain
from rerank.ranking import PAD, Ranking
from retrieval.described import Described
from retrieval.engine import Engine
from retrieval.stored_photos import image_index, label_table

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Benchmark:
    """A report, the truth and ranking behind it (in the order of the truth's queries) and what it took."""

    report: Report
    known: GroundTruth
    held: Held
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
    usages = [usage_of(metadata.get("usage", "")) for metadata in queries.metadata]
    labelled = [row for row, label in enumerate(queries.labels) if label and usages[row] != IGNORED]
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
    known: GroundTruth,
    metrics: Sequence[Metric],
    chain: Chain,
    *,
    depth: int = 100,
    sampling: Sampling | None = None,
    by: Sequence[str] = (),
    without_junk: bool = False,
) -> Benchmark:
    """Rank `depth` photographs for every query of the truth and score them, also by the columns `by`.

    `known` speaks of rows of the store. With `without_junk` what the truth ignores leaves the ranking
    before anything is re-ranked, as in papers on revisited Oxford and Paris.

    A query without a photograph, or whose photograph could not be read, has no answer and counts as wrong.
    A query that the store holds under the same id never finds itself.
    """
    names = described.photos.ids
    exclude = np.array([engine.rows_by_id.get(name, PAD) for name in names], np.int64)[:, None]
    if without_junk:
        exclude = np.concatenate([exclude, _junk(known.truth, names)], axis=1)
    answer = engine.search(described.queries, depth, chain, exclude=exclude)
    ranking = _in_order(answer.ranking, names, known.truth.query_ids)
    scores = np.where(ranking.rows == PAD, np.nan, ranking.scores.astype(np.float64))
    held = known.hold_rows(ranking.rows, scores)
    report = report_of(held, known, metrics, sampling=sampling, by=by)
    seconds = {"describe": described.seconds, **answer.seconds}
    return Benchmark(report, known, held, ranking, described.failures, seconds)


def _junk(truth: Truth, names: Sequence[str]) -> NDArray[np.int64]:
    """List the ignored rows of each query of `names`, (Q, E), padded with -1."""
    place = {name: row for row, name in enumerate(truth.query_ids)}
    rows = [truth.ignored[place[name]] for name in names]
    table = np.full((len(rows), max(map(len, rows), default=0)), PAD, np.int64)
    for line, ignored in zip(table, rows, strict=True):
        line[: len(ignored)] = ignored
    return table


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


def ground_truth(engine: Engine, queries: Photos, truth: Truth) -> GroundTruth:
    """Join a truth in rows of the store with what the lists say of its queries and photographs."""
    source = str(engine.store.path)
    known = GroundTruth(truth, image_index(engine), is_whole=True, source=source)
    return with_columns(known, label_table(queries, source))
