"""Write the rankings of a benchmark for other programs."""

import logging

import numpy as np

from evaluate.formats import submission
from rerank.ranking import PAD
from retrieval.benchmark import Benchmark
from retrieval.engine import Engine

logger = logging.getLogger(__name__)


def write(path: str, done: Benchmark, engine: Engine) -> None:
    """Write `id,images`; where an id holds white space, which that form cannot, `query,id,rank,score`.

    The latter has no record for a query without an answer; how many there are is told in the log.

    Raises:
        EvaluationError: the file cannot be written.
    """
    ids = engine.store.records.ids
    used = [row[row != PAD] for row in done.ranking.rows]
    ranked = [[ids[row] for row in rows] for rows in used]
    query_ids = done.known.truth.query_ids
    if any(name != "".join(name.split()) for names in (*ranked, query_ids) for name in names):
        logger.warning("ids hold white space: %s is written in the long form query,id,rank,score", path)
        unanswered = sum(not rows for rows in ranked)
        if unanswered:
            logger.warning("%d queries without an answer have no record in %s", unanswered, path)
        scores = [
            np.asarray(values[: len(rows)], np.float64).tolist()
            for rows, values in zip(used, done.ranking.scores, strict=True)
        ]
        submission.write_long(path, query_ids, ranked, scores)
        return
    submission.write_submission(path, query_ids, ranked)
