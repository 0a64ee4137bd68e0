"""Labelled photographs that a space is given: which of them suit it, and their vectors."""

import logging

from extract import describe
from extract.errors import PhotosError
from extract.extractors import Extractors
from extract.photos import Photos
from retrieval.described import gathered
from retrieval.labelled_vectors import LabelledVectors

logger = logging.getLogger(__name__)


def check_labels(photos: Photos) -> None:
    """Refuse photographs without a label.

    Raises:
        PhotosError: one has none.
    """
    for name, label in zip(photos.ids, photos.labels, strict=True):
        if not label:
            raise PhotosError(
                f"the photo {name!r} has no label, and a space needs one for each; add it to the list"
            )


def check_unseen(photos: Photos, known: LabelledVectors) -> None:
    """Refuse photographs without a label, or with one that `known` has.

    Raises:
        PhotosError: there is such a one.
    """
    check_labels(photos)
    seen = set(photos.labels) & set(known.labels)
    if seen:
        raise PhotosError(f"the space holds {min(seen)!r} already; k-shot takes classes that it has not seen")


def of_known_classes(photos: Photos, known: LabelledVectors) -> Photos:
    """Keep the photographs whose label `known` has.

    Raises:
        PhotosError: none is left, or one has another label in `known`, under its id.
    """
    label_of = dict(zip(known.ids, known.labels, strict=True))
    for name, label in zip(photos.ids, photos.labels, strict=True):
        if label and label_of.get(name, label) != label:
            raise PhotosError(
                f"the photo {name!r} has the label {label!r}, and {label_of[name]!r} in the space; "
                "make the two agree"
            )
    classes = set(known.labels)
    chosen = photos.select([row for row, label in enumerate(photos.labels) if label in classes])
    if not len(chosen):
        raise PhotosError(
            "no photograph to calibrate on has a label of the space; "
            "give a CSV with the columns id, file, label"
        )
    return chosen


def described(photos: Photos, extractors: Extractors) -> LabelledVectors:
    """Describe `photos` by their global vectors; those that cannot be read are left out.

    Raises:
        PhotosError: none can be read.
    """
    blocks = describe.describe(photos, extractors.only(()), block_sizes=lambda: max(1, len(photos)))
    done = gathered(photos, list(blocks), extractors.vector.dim, 0.0)
    if done.failures:
        name, reason = next(iter(done.failures.items()))
        logger.warning(
            "%d of %d photographs cannot be read and are left out, first %r (%s)",
            len(done.failures), len(photos), name, reason,
        )  # fmt: skip
    if not len(done.photos):
        raise PhotosError("none of the photographs could be read")
    return LabelledVectors(done.photos.ids, done.photos.labels, done.queries.vectors)
