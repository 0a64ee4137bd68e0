"""Evaluation from vectors alone: triplets, k-shot, and the outcome of an exact search for every metric."""

from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, FloatArray, IntArray
from evaluate.metrics.hit_at_k import hit
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Confidences
from evaluate.truth import Truth

Distance = Literal["l2", "cosine"]
Vectors = npt.NDArray[np.floating]
Label = TypeVar("Label", str, int)

# Numbers held at once in a block of queries: 32 MB an array.
_MAX_NUMBERS = 4_000_000
# A few times the relative error of a float64, for each of the products that a distance adds up.
_ROUNDING = 4 * float(np.finfo(np.float64).eps)


def triplet_accuracy(anchors: Vectors, positives: Vectors, negatives: Vectors) -> BoolArray:
    """Tell for each triplet, (N,), whether the positive is nearer to its anchor than the negative.

    All are (N, D); distances are squared L2 of the vectors as they are, and a tie is wrong. The figure is
    the mean; `evaluate.bootstrap.mean_intervals` gives its interval.

    Raises:
        ValueError: the shapes differ, or a number is not finite.
    """
    first, near, far = (_checked(vectors, "triplets") for vectors in (anchors, positives, negatives))
    if not first.shape == near.shape == far.shape:
        raise ValueError(f"triplets must have one shape, got {first.shape}, {near.shape} and {far.shape}")
    return np.asarray(((first - near) ** 2).sum(axis=1) < ((first - far) ** 2).sum(axis=1))


def k_shot(
    support_vectors: Vectors,
    support_labels: Sequence[Label],
    query_vectors: Vectors,
    query_labels: Sequence[Label],
    k: int,
) -> BoolArray:
    """Tell for each query, (Q,), whether an image of its class is among the k nearest of the space.

    The space, `support_vectors` (N, D), is that of the known classes with k support images of each
    unseen class added; distances are squared L2. The figure is the mean, the hit@k of
    `outcome_from_vectors`. Source: ours, the accuracy of the study behind our tables.

    Raises:
        EvaluationError: a query's class has no image in the space.
        ValueError: shapes do not fit each other, or a number is not finite.
    """
    outcome = outcome_from_vectors(
        query_vectors, query_labels, support_vectors, support_labels, k=k, exclude_self=False
    )
    return hit(outcome, k) > 0


def outcome_from_vectors(
    query_vectors: Vectors,
    query_labels: Sequence[Label],
    vectors: Vectors,
    labels: Sequence[Label],
    *,
    k: int,
    exclude_self: bool,
    distance: Distance = "l2",
) -> Outcome:
    """Search the k nearest of `vectors` (N, D) for each of `query_vectors` (Q, D) and judge them by label.

    The search is exact, in float64; equal distances stand in the order of rows. `exclude_self` says that
    query q is row q of `vectors`: it leaves its own ranking and is not relevant to itself. A vector with
    the label '' is relevant to nothing. The outcome has labels for votes and, as the confidence of the
    first answer, its distance below 0, so that knn-f1 and gap work too. The queries are called "query 0",
    "query 1" and so on, or "0" and "1" where they are rows.

    Raises:
        EvaluationError: a query has no label, or none of `vectors` has it but the query itself.
        ValueError: shapes do not fit each other, a number is not finite, k is below 1, or a vector to be
            compared by cosine is 0.
    """
    queries, database = _checked(query_vectors, "query_vectors"), _checked(vectors, "vectors")
    names, query_names = [str(label) for label in labels], [str(label) for label in query_labels]
    if len(queries) != len(query_names) or len(database) != len(names):
        raise ValueError("there must be a label for each vector")
    if queries.shape[1] != database.shape[1]:
        raise ValueError(f"vectors must have one length, got {queries.shape[1]} and {database.shape[1]}")
    if exclude_self and queries.shape != database.shape:
        raise ValueError("with exclude_self the queries must be the vectors themselves")
    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}")
    if distance == "cosine":
        # Among unit vectors the order of squared L2 is that of the cosine.
        queries, database = _unit(queries), _unit(database)
    ids = [str(row) for row in range(len(database))]
    query_ids = ids if exclude_self else [f"query {place}" for place in range(len(queries))]
    truth = Truth.from_labels(query_ids, query_names, range(len(database)), ids, names)
    rows, distances = _nearest(queries, database, k, exclude_self)
    return Outcome.from_rows(
        truth,
        rows,
        query_labels=query_names,
        labels_by_row=dict(enumerate(names)),
        confidences=Confidences(-distances, np.arange(len(queries))),
    )


def _nearest(
    queries: FloatArray, database: FloatArray, k: int, exclude_self: bool
) -> tuple[IntArray, FloatArray]:
    """Rank the k nearest rows of each query, (Q, k) or as many as there are; give each least distance."""
    width = min(k, len(database) - exclude_self)
    step = max(1, _MAX_NUMBERS // len(database))
    rows = np.empty((len(queries), width), dtype=np.int64)
    least = np.empty(len(queries))
    for start in range(0, len(queries), step):
        block = slice(start, start + step)
        rows[block], distances = _nearest_of_block(
            queries[block], database, width, start if exclude_self else None
        )
        least[block] = distances[:, 0]
    return rows, least


def _nearest_of_block(
    queries: FloatArray, database: FloatArray, width: int, first_own: int | None
) -> tuple[IntArray, FloatArray]:
    products = queries @ database.T
    squares = (database**2).sum(axis=1)
    rough = squares - 2 * products
    if first_own is not None:
        places = np.arange(len(queries))
        rough[places, places + first_own] = np.inf
    # The rounding of this short cut must not decide: whoever comes near the last rank is measured anew.
    scale = squares.max() + (queries**2).sum(axis=1, keepdims=True)
    last = np.partition(rough, width - 1, axis=1)[:, width - 1 : width]
    near = rough <= last + _ROUNDING * database.shape[1] * scale
    query_places, rows = np.nonzero(near)
    distances = _measured(queries, database, query_places, rows)
    order = np.lexsort((rows, distances, query_places))
    starts = np.searchsorted(query_places, np.arange(len(queries)))
    chosen = order[starts[:, None] + np.arange(width)]
    return rows[chosen], distances[chosen]


def _measured(
    queries: FloatArray, database: FloatArray, query_places: IntArray, rows: IntArray
) -> FloatArray:
    # In chunks: where all vectors are alike, every pair comes here.
    step = max(1, _MAX_NUMBERS // database.shape[1])
    distances = np.empty(rows.size)
    for start in range(0, rows.size, step):
        chunk = slice(start, start + step)
        distances[chunk] = ((queries[query_places[chunk]] - database[rows[chunk]]) ** 2).sum(axis=1)
    return distances


def _checked(vectors: Vectors, name: str) -> FloatArray:
    array = np.asarray(vectors, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must be (N, D) finite numbers, got shape {array.shape}")
    return array


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(f"the vector in row {int(lengths.argmin())} is 0 and has no direction")
    return np.asarray(vectors / lengths)
