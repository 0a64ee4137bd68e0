"""Which queries show the same place, and folds that no place is in two of."""

import numpy as np
from numpy.typing import NDArray

from evaluate.truth import Truth
from extract.errors import ConfigError


def places(truth: Truth) -> NDArray[np.int64]:
    """Number the place of each query, (Q,) from 0: queries that share a photograph of the store share one.

    A query's own photograph counts, so that two queries which are each other's answer are one place.
    """
    parents = list(range(len(truth.query_ids)))

    def root(query: int) -> int:
        while parents[query] != query:
            parents[query] = parents[parents[query]]
            query = parents[query]
        return query

    first: dict[int, int] = {}
    for query, (relevant, own) in enumerate(zip(truth.relevant, truth.ignored, strict=True)):
        for row in (*relevant.tolist(), *own.tolist()):
            parents[root(query)] = root(first.setdefault(row, query))
    _, numbers = np.unique([root(query) for query in range(len(parents))], return_inverse=True)
    return np.asarray(numbers, np.int64)


def folds(numbers: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give each query's fold, (Q,) below `count`: whole places, about as many queries in each.

    The largest place goes first, each to the emptiest fold; places of one size are drawn by lot.

    Raises:
        ConfigError: there are fewer places than folds.
    """
    sizes = np.bincount(numbers)
    if count < 2:
        raise ConfigError(f"cross-validation needs at least 2 folds, got {count}")
    if len(sizes) < count:
        raise ConfigError(
            f"the queries show {len(sizes)} places, too few for {count} folds; give queries of more places"
        )
    lots = rng.permutation(len(sizes))
    fold_of_place = np.empty(len(sizes), np.int64)
    filled = np.zeros(count, np.int64)
    for place in np.lexsort((lots, -sizes)):
        emptiest = int(np.argmin(filled))
        fold_of_place[place] = emptiest
        filled[emptiest] += sizes[place]
    return np.asarray(fold_of_place[numbers])
