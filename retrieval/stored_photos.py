"""Photographs of a store, and what lists say of photographs, in the form that evaluation reads."""

import os
from collections.abc import Iterable

import numpy as np

from evaluate.formats.labels import LabelTable
from evaluate.image_index import ImageIndex
from extract.photos import Photos
from retrieval.engine import Engine


def photos_in(engine: Engine, rows: Iterable[int]) -> Photos:
    """Name the photographs in these rows of a store, in their order."""
    records, places = engine.store.records, list(rows)
    return Photos(
        tuple(records.ids[row] for row in places),
        tuple(os.fsdecode(records.paths[row]) for row in places),
        tuple(records.labels[row] for row in places),
        ({},) * len(places),
    )


def live_rows(engine: Engine) -> list[int]:
    """List the rows of all photographs that were not removed, damaged ones too."""
    return np.flatnonzero(engine.store.current).tolist()


def image_index(engine: Engine) -> ImageIndex:
    """List the photographs of a store that were not removed, with their rows and labels."""
    rows = live_rows(engine)
    photos = photos_in(engine, rows)
    return ImageIndex(photos.ids, tuple(rows), photos.labels)


def label_table(photos: Photos, source: str) -> LabelTable:
    """Give labels and further columns of photographs; `source` opens messages."""
    names = dict.fromkeys(name for metadata in photos.metadata for name in metadata)
    columns = {name: tuple(metadata.get(name, "") for metadata in photos.metadata) for name in names}
    return LabelTable(photos.ids, photos.labels, columns, np.zeros(len(photos), dtype=np.int64), source)
