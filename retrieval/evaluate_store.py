"""Evaluate the answers of a store to query photographs."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluate.formats import detect, label_formats
from evaluate.formats.labels import LabelTable
from evaluate.ground_truth import GroundTruth
from evaluate.metric import Metric
from evaluate.truth_files import read_truth, with_columns
from extract.photos import Photos
from rerank.chain import Chain
from retrieval import benchmark
from retrieval.benchmark import Benchmark
from retrieval.engine import Engine
from retrieval.evaluated import Evaluated, Wanted, versions

_DEPTH = 100


def evaluate(
    engine: Engine,
    queries: str,
    truth: str | None,
    wanted: Wanted,
    chain: Chain,
    default_metrics: Sequence[str],
) -> tuple[Evaluated, Benchmark]:
    """Ask a store with every query photograph and hold the answers against labels or a truth.

    Raises:
        RetrieveError: photographs, store or chain cannot be used.
        EvaluationError: the truth is unfit, or does not fit the store; file, line and id are named.
    """
    metrics = wanted.metrics(default_metrics)
    photos = Photos.read(queries)
    known = _ground_truth(engine, photos, queries, truth)
    described = benchmark.describe(engine, photos, known.truth, chain)
    done = benchmark.run(
        engine,
        described,
        known,
        metrics,
        chain,
        depth=_depth(metrics, engine.store.num_rows),
        sampling=wanted.sampling,
        by=wanted.columns,
    )
    store = str(engine.store.path)
    seconds = {f"seconds, {stage}": round(value, 3) for stage, value in done.seconds.items()}
    facts: dict[str, str | int | float] = {
        "store": f"{store}, revision {engine.store.revision}",
        "recipe": f"{engine.recipe.name}, digest {engine.store.digest}",
        "chain": chain.text,
        "queries": queries,
        **({"truth": truth} if truth else {}),
        **versions(),
        "intervals": wanted.sampling.sentence(),
        **seconds,
        "bytes a photo": round(engine.store.num_bytes / max(1, engine.store.num_rows)),
    }
    records = engine.store.records
    rows = np.flatnonzero(engine.store.current).tolist()
    evaluated = Evaluated(
        done.report,
        done.known,
        done.held,
        metrics,
        f"Evaluation of {store}",
        {"provenance": facts},
        facts,
        dict(zip(photos.ids, photos.paths, strict=True)),
        {records.ids[row]: os.fsdecode(records.paths[row]) for row in rows},
    )
    return evaluated, done


def _ground_truth(engine: Engine, photos: Photos, queries: str, truth: str | None) -> GroundTruth:
    """Read what is correct, in rows of the store: from a file, or from the labels of both sides."""
    if truth is None:
        return benchmark.ground_truth(engine, photos, benchmark.truth_from_labels(engine, photos))
    index, table = benchmark.image_index(engine), _table(photos, queries)
    if detect.truth_format(Path(truth)) in label_formats.READERS:
        return read_truth(truth, queries=table, index=index)
    # A query that the truth asks about and that has no photograph stays, and counts as wrong.
    return with_columns(read_truth(truth, index=index), table)


def _depth(metrics: Sequence[Metric], num_rows: int) -> int:
    """Count the ranks that the metrics look at, at least the customary hundred."""
    return max([_DEPTH, *(num_rows if metric.depth is None else metric.depth for metric in metrics)])


def _table(photos: Photos, source: str) -> LabelTable:
    names = dict.fromkeys(name for metadata in photos.metadata for name in metadata)
    columns = {name: tuple(metadata.get(name, "") for metadata in photos.metadata) for name in names}
    return LabelTable(photos.ids, photos.labels, columns, np.zeros(len(photos), dtype=np.int64), source)
