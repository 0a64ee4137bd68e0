"""What the re-rankers share that search all photographs again: the k best, and a ranking made of them."""

import numpy as np
from numpy.typing import NDArray

from rerank.fusion import Fusion, fuse
from rerank.protocols import Database, Queries
from rerank.ranking import PAD, Ranking
from rerank.space import Space

MISSING = np.float32(np.nan)


def projected(space: Space, queries: Queries) -> NDArray[np.float32]:
    """Bring each query into `space`, (Q, d), by itself: its numbers do not depend on those beside it."""
    found = [space.project(queries.vectors[query : query + 1]) for query in range(len(queries))]
    return np.concatenate([np.zeros((0, space.vectors.shape[1]), np.float32), *found])


def best(
    space: Space, vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the k best of `vectors` (N, d), given by place of `space`, for each of `queries` (Q, d).

    Gives database rows (Q, min(k, N)) and inner products, best first, ties by row.
    """
    count = min(k, len(vectors))
    rows = np.empty((len(queries), count), np.int64)
    scores = np.empty((len(queries), count), np.float32)
    for query, vector in enumerate(queries):
        # A product of all queries at once rounds otherwise than that of one, and takes Q x N numbers.
        products = vectors @ vector
        least = np.partition(products, len(products) - count)[len(products) - count] if count else 0.0
        places = np.flatnonzero(products >= least)
        places = places[np.argsort(-products[places], kind="stable")[:count]]
        rows[query], scores[query] = space.rows[places], products[places]
    return rows, scores


def ranked(
    before: Ranking,
    rows: NDArray[np.int64],
    scores: NDArray[np.float32],
    queries: Queries,
    database: Database,
    fusion: Fusion,
) -> Ranking:
    """Make a ranking of `rows` (Q, K) with new `scores`, fused by `fusion` with the global ones.

    A query gets as many as it has in `before`. Scores that `before` has of a row beside them (matches,
    inliers, …) stay with it.
    """
    rows = np.where(np.arange(rows.shape[1]) < before.used.sum(axis=1)[:, None], rows, PAD)
    closeness = database.scores(queries.vectors, rows)
    order = np.lexsort((rows, -closeness), axis=1)
    rows = np.take_along_axis(rows, order, axis=1)
    closeness = np.take_along_axis(closeness, order, axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    columns = {name: _carried(before, name, rows) for name in before.columns}
    columns["global"] = np.where(rows == PAD, MISSING, closeness).astype(np.float32)
    return fuse(Ranking(rows, closeness, columns), scores, fusion)


def _carried(before: Ranking, name: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    values = np.full(rows.shape, MISSING, np.float32)
    for query, asked in enumerate(rows):
        order = np.argsort(before.rows[query])
        known = before.rows[query][order]
        if not len(known):
            continue
        places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        same = (known[places] == asked) & (asked != PAD)
        values[query, same] = before.columns[name][query][order[places[same]]]
    return values
