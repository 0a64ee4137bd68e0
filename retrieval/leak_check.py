"""Look for photographs and classes that queries, index and training photographs have in common."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluate.leak_report import LeakReport
from evaluate.leaks import Leak, Split, num_shared_ids, shared_classes, shared_photographs
from evaluate.perceptual_hash import PictureHashes
from evaluate.words import counted
from extract import describe, extractors, images, photo_files
from extract.descriptor_values import at_length_one
from extract.errors import PhotoError
from extract.photos import Photos
from rerank.matching.threads import shared_out
from retrieval import near_duplicates
from retrieval.engine import Engine
from retrieval.stored_photos import photos_in

# Called with what is being done; gives a function for the number of photographs, and one for each of them.
Progress = Callable[[str], AbstractContextManager[tuple[Callable[[int], None], Callable[[bool], None]]]]

QUERIES, INDEX, TRAIN = "queries", "index", "train"

_THUMBNAIL_PX = 32
# Reading photographs of 640 px at this size takes 1.4 ms each on two cores.
_DECODED = images.Config(max_side_px=256)
_BLOCK = 256
# Copies of training photographs that were compressed, scaled, toned or mirrored differ in at most 32 bits of
# 256. Further off the pixels decide, since different photographs with one layout come as near as 54.
_SURE = 1 - 32 / 256


@dataclass(frozen=True)
class Checked:
    """The report, and the photographs that could not be read as (split, id, reason)."""

    report: LeakReport
    failures: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, eq=False)
class _Look:
    """What one file holds; `reason` says why there is no picture in it."""

    content: bytes
    thumbnail: NDArray[np.uint8]
    reason: str = ""


def check(queries: Photos, index: Photos | Engine, train: Photos | None, *, progress: Progress) -> Checked:
    """Compare queries, index and training photographs, each two of them; one without the other is no leak.

    Where the index is an engine, near-duplicates that hashes do not see are looked for by its vectors.
    """
    parts = {
        QUERIES: queries,
        INDEX: photos_in(index, index.index.rows.tolist()) if isinstance(index, Engine) else index,
    }
    if train is not None:
        parts[TRAIN] = train
    with progress("reading") as (start, step):
        start(sum(map(len, parts.values())))
        looks = {name: _looks(photos, step) for name, photos in parts.items()}
    splits = {name: _split(name, photos, looks[name]) for name, photos in parts.items()}
    vectors = _vectors(index, parts, progress) if isinstance(index, Engine) else {}
    leaks: list[Leak] = []
    for first, second in ((QUERIES, INDEX), (TRAIN, INDEX), (TRAIN, QUERIES)):
        if first in parts:
            near = None
            if vectors:
                near = near_duplicates.find(parts[first], vectors[first], parts[second], vectors[second])
            a, b = splits[first], splits[second]
            leaks += shared_photographs(
                a,
                b,
                near_duplicates=near,
                ids_may_agree=first == QUERIES,
                confirmed=_confirmer(parts[first], parts[second]),
            )
            leaks += shared_classes(a, b) if first == TRAIN else ()
    failures = [
        (name, photos.ids[place], look.reason)
        for name, photos in parts.items()
        for place, look in enumerate(looks[name])
        if look.reason
    ]
    sizes = {name: len(photos) for name, photos in parts.items()}
    return Checked(LeakReport(sizes, tuple(leaks), tuple(_notes(splits, looks))), tuple(failures))


def _confirmer(first: Photos, second: Photos) -> Callable[[Leak], bool]:
    """Let pixels decide about pairs that look alike by their hashes, and not surely."""
    path_a = dict(zip(first.ids, first.paths, strict=True))
    path_b = dict(zip(second.ids, second.paths, strict=True))
    return lambda leak: (
        leak.kind != "same picture"
        or leak.strength >= _SURE
        or near_duplicates.is_one_shot(path_a[leak.id_a], path_b[leak.id_b])
    )


def _looks(photos: Photos, step: Callable[[bool], None]) -> list[_Look]:
    looks: list[_Look] = []
    for start in range(0, len(photos), _BLOCK):
        block = shared_out(_look, photos.paths[start : start + _BLOCK])
        for look in block:
            step(bool(look.reason))
        looks += block
    return looks


def _look(path: str) -> _Look:
    content = b""
    try:
        data = images.read_bytes(path)
        content = photo_files.content_hash(data)
        grey = cv2.cvtColor(images.decode(data, _DECODED).pixels, cv2.COLOR_RGB2GRAY)
    except PhotoError as error:
        return _Look(content, np.zeros((_THUMBNAIL_PX, _THUMBNAIL_PX), np.uint8), str(error))
    size = (_THUMBNAIL_PX, _THUMBNAIL_PX)
    return _Look(content, np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8))


def _split(name: str, photos: Photos, looks: Sequence[_Look]) -> Split:
    # With its shape, for a store that holds no photograph.
    thumbnails = np.array([look.thumbnail for look in looks], np.uint8)
    hashes = PictureHashes.of(thumbnails.reshape(-1, _THUMBNAIL_PX, _THUMBNAIL_PX))
    return Split(name, photos.ids, photos.labels, tuple(look.content for look in looks), hashes)


def _vectors(
    engine: Engine, parts: Mapping[str, Photos], progress: Progress
) -> dict[str, NDArray[np.float32]]:
    """Give vectors of length one: the store's own, and those of the other parts by its recipe."""
    found = {INDEX: engine.vectors(engine.index.rows)}
    others = [name for name in parts if name != INDEX]
    alone = extractors.build(engine.store.recipe).only(())
    with progress("describing") as (start, step):
        start(sum(len(parts[name]) for name in others))
        for name in others:
            blocks = describe.describe(parts[name], alone, block_sizes=lambda: _BLOCK, on_photo=step)
            found[name] = np.concatenate([block.vectors for block in blocks])
    return {name: at_length_one(vectors) for name, vectors in found.items()}


def _notes(splits: Mapping[str, Split], looks: Mapping[str, Sequence[_Look]]) -> Iterator[str]:
    shared = num_shared_ids(splits[QUERIES], splits[INDEX])
    if shared:
        stand = counted(shared, "id stands", "ids stand")
        yield f"{stand} in queries and index; such a query never finds the photo of its own id"
    for name, split in splits.items():
        read = np.array([not look.reason for look in looks[name]])
        flat = int((read & ~split.hashes.usable).sum())
        if flat:
            are = counted(flat, f"photo of {name} is", f"photos of {name} are")
            yield f"{are} too flat for a hash of the picture; only equal files are told"
