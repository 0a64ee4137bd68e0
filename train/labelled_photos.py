"""Read what training may be given: a folder a class, a CSV list with labels, or a store of photographs."""

import dataclasses
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from extract.photos import Photos
from extract.store import DescriptorStore
from train.errors import TrainingError

logger = logging.getLogger(__name__)


def read(source: str | Path, *, labels: bool = True) -> Photos:
    """Read photographs with their labels; those without one are left out, and counted in the log.

    In a folder the label is the name of the first folder below it. Without `labels` all are kept, whether
    they have a label or not.

    Raises:
        PhotosError, StoreError: `source` cannot be read (the sentence says why).
        TrainingError: labels are wanted, and no photograph has one.
    """
    photos = _read(source)
    if not labels:
        return photos
    labelled = [row for row, label in enumerate(photos.labels) if label]
    if not labelled:
        raise TrainingError(
            f"no photo of {str(source)!r} has a label; give a folder with a folder for each class, a list "
            "with a column label, or train without labels (labels = false)"
        )
    if len(labelled) < len(photos):
        left_out = len(photos) - len(labelled)
        logger.warning("%d of %d photos have no label and are left out", left_out, len(photos))
    return photos.select(labelled)


def _read(source: str | Path) -> Photos:
    if DescriptorStore.exists(source):
        return _of_store(DescriptorStore.open(source))
    photos = Photos.read(source)
    if os.path.isdir(source):
        return dataclasses.replace(photos, labels=tuple(map(_first_folder, photos.ids)))
    return photos


def _first_folder(photo_id: str) -> str:
    folder, slash, _ = photo_id.partition("/")
    return folder if slash else ""


def _of_store(store: DescriptorStore) -> Photos:
    records = store.records
    rows = np.flatnonzero(store.current).tolist()
    return Photos(
        tuple(records.ids[row] for row in rows),
        tuple(os.fsdecode(records.paths[row]) for row in rows),
        tuple(records.labels[row] for row in rows),
        tuple(_metadata(records.metadata[row]) for row in rows),
    )


def _metadata(text: str) -> Mapping[str, str]:
    values: dict[str, str] = json.loads(text)
    return values
