"""Evaluate the answers of a store to query photographs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats import detect, label_formats
from evaluate.ground_truth import GroundTruth
from evaluate.metric import Metric
from evaluate.truth_files import read_truth, with_columns
from extract.photos import Photos
from rerank.chain import Chain
from retrieval import benchmark
from retrieval.benchmark import Benchmark
from retrieval.engine import Engine
from retrieval.evaluated import Evaluated, Wanted, file_facts, versions
from retrieval.query_boxes import cropped
from retrieval.stored_photos import image_index, label_table, live_rows, photos_in

_DEPTH = 100


def evaluate(
    engine: Engine,
    queries: str,
    truth: str | None,
    *,
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
    if (wanted.whole_queries or wanted.paper_mode) and not known.truth.closes_up:
        raise EvaluationError(
            "--whole-queries and --paper-mode are of revisited Oxford and Paris; give that with --truth"
        )
    with TemporaryDirectory() as folder:
        asked = photos if wanted.whole_queries else cropped(photos, known.boxes, Path(folder))
        described = benchmark.describe(engine, asked, known.truth, chain)
    known = replace(known, notes=(*known.notes, *_notes(known, wanted)))
    done = benchmark.run(
        engine,
        described,
        known,
        metrics,
        chain,
        depth=_depth(metrics, engine.store.num_rows),
        sampling=wanted.sampling,
        by=wanted.columns,
        without_junk=wanted.paper_mode,
    )
    store = str(engine.store.path)
    seconds = {f"seconds, {stage}": round(value, 3) for stage, value in done.seconds.items()}
    facts: dict[str, str | int | float] = {
        "store": f"{store}, revision {engine.store.revision}",
        "recipe": f"{engine.recipe.name}, digest of settings and weights {engine.store.digest}",
        "chain": chain.text,
        **file_facts({"queries": queries, **({"truth": truth} if truth else {})}),
        **versions("torch"),
        "intervals": wanted.sampling.sentence(),
        "leaks": "not looked for (retrieve leaks)",
        **seconds,
        "bytes a photo": round(engine.store.num_bytes / max(1, engine.store.num_rows)),
    }
    images = photos_in(engine, live_rows(engine))
    evaluated = Evaluated(
        done.report,
        done.known,
        done.held,
        metrics,
        f"Evaluation of {store}",
        {"provenance": facts},
        facts,
        dict(zip(photos.ids, photos.paths, strict=True)),
        dict(zip(images.ids, images.paths, strict=True)),
    )
    return evaluated, done


def _ground_truth(engine: Engine, photos: Photos, queries: str, truth: str | None) -> GroundTruth:
    """Read what is correct, in rows of the store: from a file, or from the labels of both sides."""
    if truth is None:
        return benchmark.ground_truth(engine, photos, benchmark.truth_from_labels(engine, photos))
    index, table = image_index(engine), label_table(photos, queries)
    if detect.truth_format(Path(truth)) in label_formats.READERS:
        return read_truth(truth, queries=table, index=index)
    # A query that the truth asks about and that has no photograph stays, and counts as wrong.
    return with_columns(read_truth(truth, index=index), table)


def _notes(known: GroundTruth, wanted: Wanted) -> Iterator[str]:
    if any(np.isfinite(box).all() for box in known.boxes.values()):
        yield "queries are asked whole" if wanted.whole_queries else "queries are cut to their boxes"
    if wanted.paper_mode:
        yield "paper mode: junk left the rankings before they were re-ranked, which no user could do"


def _depth(metrics: Sequence[Metric], num_rows: int) -> int:
    """Count the ranks that the metrics look at, at least the customary hundred."""
    return max([_DEPTH, *(num_rows if metric.depth is None else metric.depth for metric in metrics)])
