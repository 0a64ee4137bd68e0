"""Photos and a recipe into a store: what is done stays done, what is new or changed is described."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import describe, extractors, photo_files, recipe_files
from extract.block import FAILED, OK
from extract.describe import Lent
from extract.photos import Photos
from extract.recipe import Recipe
from extract.store import DescriptorStore
from extract.store_writer import StoreWriter

logger = logging.getLogger(__name__)

# The first blocks are small, so that a run that is cut short early loses little; the blocks of a large
# store are larger, so that it does not fall into tens of thousands of files.
MIN_BLOCK, MAX_BLOCK, ROWS_PER_BLOCK_ROW = 256, 1024, 16


@dataclass(frozen=True)
class Failure:
    """A photograph that could not be read, and why."""

    id: str
    path: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """What a run did: of `photos` given, `known` were done before and `failed` could not be read."""

    photos: int
    known: int
    described: int
    failures: tuple[Failure, ...]
    seconds: float


def run(
    photos: Photos,
    recipe: Recipe,
    store: str | Path,
    *,
    threads: int = 0,
    on_start: Callable[[int], None] = lambda todo: None,
    on_photo: Callable[[bool], None] = lambda failed: None,
) -> Summary:
    """Bring the store up to `photos`: describe what it does not hold yet, commit a block at a time.

    A photograph counts as held where its id, label and metadata are the same and its file is unchanged
    (length and time of change, or else content). One whose content the store already has under another id
    borrows those descriptors. Photographs that only the store has are left alone.

    Raises:
        RetrieveError: the store is busy, damaged, of another recipe or cannot be written; what was
            committed before stays, and the same call goes on from there.
    """
    started = time.perf_counter()
    recipe = recipe_files.resolve(recipe)
    built = extractors.build(recipe)
    with StoreWriter(store, recipe, built.vector.dim) as writer:
        held = _Held(writer.store)
        todo = photos.select([row for row in range(len(photos)) if not held.is_done(photos, row)])
        if held.gone:
            logger.warning("%d photos are gone from the disk; the store keeps what it has of them", held.gone)
        others = len(held.rows.keys() - set(photos.ids))
        if others:
            logger.warning("%d photos of the store are not among those given and stay in it", others)
        on_start(len(todo))
        blocks = describe.describe(
            todo,
            built,
            block_sizes=_BlockSizes(writer.store.num_rows),
            lend=held.lend,
            threads=threads,
            on_photo=on_photo,
        )
        for block in blocks:
            superseded = [held.rows[photo] for photo in block.records.ids if photo in held.rows]
            writer.append(block, superseded)
        failures = _failures(photos, writer.store)
    seconds = time.perf_counter() - started
    logger.info("%d photos described, %d known, %.1f s", len(todo), len(photos) - len(todo), seconds)
    return Summary(len(photos), len(photos) - len(todo), len(todo), failures, seconds)


class _BlockSizes:
    """Size of the next block: a function of the rows so far alone, so that a resumed run cuts as before."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __call__(self) -> int:
        share = self._rows // ROWS_PER_BLOCK_ROW // MIN_BLOCK * MIN_BLOCK
        size = min(MAX_BLOCK, max(MIN_BLOCK, share))
        self._rows += size
        return size


class _Held:
    """What a store holds when a run begins."""

    def __init__(self, store: DescriptorStore) -> None:
        self._store = store
        self._records = store.records
        self.gone = 0
        rows = np.flatnonzero(store.current)
        self.rows = {self._records.ids[row]: int(row) for row in rows}
        good = np.flatnonzero(self._records.statuses == OK)
        # Hashes as sorted fixed-length bytes: a dictionary of a million of them would take ten times more.
        hashes = np.ascontiguousarray(self._records.content_hashes[good]).view("S16").ravel()
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._hash_rows = hashes[order], good[order]

    def is_done(self, photos: Photos, row: int) -> bool:
        held = self.rows.get(photos.ids[row])
        if held is None:
            return False
        stamp = photo_files.stamp(photos.paths[row])
        if stamp is None:
            # What was read before its file went (a disk that is not mounted, say) stays as it is.
            good = self._records.statuses[held] == OK
            self.gone += good
            return bool(good or self._never_read(held))
        return self._same_words(photos, row, held) and self._same_file(photos.paths[row], stamp, held)

    def lend(self, content_hash: bytes) -> Lent | None:
        place = int(np.searchsorted(self._hashes, np.bytes_(content_hash)))
        row = self._hash_rows[place : place + 1]
        # Compared as they are stored: fixed-length bytes of numpy drop zeros at their end.
        if not len(row) or self._records.content_hashes[row[0]].tobytes() != content_hash:
            return None
        features = {kind: self._store.features(kind, row)[0] for kind in self._store.recipe.local}
        return Lent(self._records.sizes[row[0]], self._store.vectors(row)[0], features)

    def _same_words(self, photos: Photos, row: int, held: int) -> bool:
        records = self._records
        return (
            photos.labels[row] == records.labels[held]
            and describe.metadata_text(photos.metadata[row]) == records.metadata[held]
            and describe.absolute(photos.paths[row]) == records.paths[held]
        )

    def _same_file(self, path: str, stamp: photo_files.Stamp, held: int) -> bool:
        if self._never_read(held):
            return False
        if stamp == (int(self._records.file_bytes[held]), int(self._records.modified_ns[held])):
            return True
        return photo_files.content_hash_of(path) == self._records.content_hashes[held].tobytes()

    def _never_read(self, held: int) -> bool:
        return not self._records.content_hashes[held].any()


def _failures(photos: Photos, store: DescriptorStore) -> tuple[Failure, ...]:
    records = store.records
    given: NDArray[np.bool_] = np.zeros(store.num_rows, np.bool_)
    wanted = set(photos.ids)
    given[[row for row in np.flatnonzero(store.current) if records.ids[row] in wanted]] = True
    failed = np.flatnonzero(given & (records.statuses == FAILED))
    return tuple(
        Failure(records.ids[row], records.paths[row].decode(errors="backslashreplace"), records.reasons[row])
        for row in failed
    )
