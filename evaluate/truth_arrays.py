"""A truth from lists and dicts of ids, for programs that have them in memory."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats.solution import SolutionRecord
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.repeats import refuse_repeats
from evaluate.truth import Truth

_SOURCE = "the truth"


def from_labels(
    query_ids: Sequence[str],
    query_labels: Sequence[str],
    image_ids: Sequence[str],
    image_labels: Sequence[str],
    usages: Sequence[str] | None = None,
) -> GroundTruth:
    """Take as correct every image with the query's label, except the query's own; the images are the index.

    An image with the label '' is correct for nothing.

    Raises:
        ValueError: there are not as many labels or usages as ids.
        EvaluationError: an id is there twice, or a query has no label or no other image with it.
    """
    labels = [str(label) for label in query_labels]
    truth = Truth.from_labels(
        query_ids,
        labels,
        np.arange(len(image_ids)),
        image_ids,
        [str(label) for label in image_labels],
        usages,
    )
    images = ImageIndex.of(image_ids, [str(label) for label in image_labels])
    return GroundTruth(
        truth, images, True, _SOURCE, query_labels=tuple(labels), columns={"label": tuple(labels)}
    )


def from_relevant(
    relevant: Mapping[str, Sequence[str]], image_ids: Sequence[str] | None = None
) -> GroundTruth:
    """Take the correct images of each query as they are given; the query itself never counts.

    `image_ids` are the whole index, if it is known: then rankings may hold no other image.

    Raises:
        ValueError: one text stands in place of a list of images.
        EvaluationError: there is no query, one has no image besides itself or has one twice, an image
            is not in the index, or the index has one twice.
    """
    if not relevant:
        raise EvaluationError("there is no query to evaluate; give at least one with its correct images")
    records = [_record(query_id, names) for query_id, names in relevant.items()]
    refuse_repeats("the image", image_ids or ())
    images = ImageIndex.of(
        (name for record in records for name in record.image_ids) if image_ids is None else image_ids
    )
    truth = Truth.from_records(records, images.row_of_id, None if image_ids is None else len(images.ids))
    return GroundTruth(truth, images, image_ids is not None, _SOURCE)


def _record(query_id: str, names: Sequence[str]) -> SolutionRecord:
    if isinstance(names, str):
        raise ValueError(f"the correct images of {query_id!r} must be a list of ids, not one text")
    place = f"{_SOURCE}: the query {query_id!r}"
    others = tuple(name for name in names if name != query_id)
    if not others:
        raise EvaluationError(f"{place} has no relevant image besides itself; take it out")
    if len(set(others)) < len(others):
        raise EvaluationError(f"{place} has an image twice among its correct ones; keep one of the two")
    return SolutionRecord(place, query_id, others, "")
