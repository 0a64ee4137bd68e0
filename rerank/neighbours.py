"""Exact nearest neighbours of a collection's vectors among themselves, a block at a time."""

import numpy as np
from numpy.typing import NDArray

from rerank.matching.threads import shared_out
from rerank.ranking import PAD

# A block of as many products takes 64 MB and the order of their places 128 MB, a thread; at two million
# photographs that is 8 rows.
_PRODUCTS_AT_ONCE = 1 << 24


def nearest(
    vectors: NDArray[np.float32], asked: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find for each place in `asked` (A,) the k nearest others of `vectors` (N, d) by inner product.

    Gives places (A, k) int32, best first, -1 where there are fewer, and the products (A, k) float32, 0
    there. Equal products are in the order of places.
    """
    count = min(k, max(0, len(vectors) - 1))
    places = np.full((len(asked), k), PAD, np.int32)
    closeness = np.zeros((len(asked), k), np.float32)
    block = max(1, _PRODUCTS_AT_ONCE // max(1, len(vectors)))

    def fill(start: int) -> None:
        own = asked[start : start + block]
        products = vectors[own] @ vectors.T
        products[np.arange(len(own)), own] = -np.inf
        np.negative(products, out=products)
        found = np.argpartition(products, count - 1, axis=1)[:, :count]
        # Of those that are equal at the cut a partition keeps any.
        worst = np.take_along_axis(products, found, axis=1).max(axis=1)
        for tied in np.flatnonzero((products <= worst[:, None]).sum(axis=1) > count):
            at_least = np.flatnonzero(products[tied] <= worst[tied])
            found[tied] = at_least[np.argsort(products[tied, at_least], kind="stable")[:count]]
        values = np.take_along_axis(products, found, axis=1)
        order = np.lexsort((found, values), axis=1)
        places[start : start + len(own), :count] = np.take_along_axis(found, order, axis=1)
        closeness[start : start + len(own), :count] = -np.take_along_axis(values, order, axis=1)

    shared_out(fill, range(0, len(asked) if count else 0, block))
    return places, closeness


def mutual_pairs(vectors: NDArray[np.float32], asked: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Pair the places in `asked` with those of their k nearest that have them among their own k nearest.

    Gives pairs (P, 2) of places, the smaller first, each once.
    """
    theirs, _ = nearest(vectors, asked, k)
    others = np.unique(theirs[theirs != PAD]).astype(np.int64)
    back, _ = nearest(vectors, others, k)
    left = np.repeat(asked, theirs.shape[1])
    right = theirs.ravel().astype(np.int64)
    left, right = left[right != PAD], right[right != PAD]
    mutual = (back[np.searchsorted(others, right)] == left[:, None]).any(axis=1)
    pairs = np.stack([left, right], axis=1)[mutual]
    return np.unique(np.sort(pairs, axis=1), axis=0)
