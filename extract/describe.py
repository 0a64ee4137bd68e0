"""Photographs to blocks of descriptors: one pool of threads decodes, finds keypoints and runs the network."""

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from extract import images, photo_files
from extract.batches import Batch, Batcher
from extract.block import FAILED, HASH_BYTES, OK, Block, Records
from extract.errors import PhotoError, PhotoRetryError, RetrieveError
from extract.extractors import Extractors
from extract.features import Features, pack
from extract.photos import Photos
from extract.segments import VECTOR_DTYPE

_LARGEST = float(np.finfo(VECTOR_DTYPE).max)

# Photographs that are decoded ahead, a thread: enough that no thread waits, little enough to hold.
_AHEAD_PER_THREAD = 6


@dataclass(frozen=True)
class Lent:
    """Descriptors that a photograph of the same content already has."""

    size: NDArray[np.int32]
    vector: NDArray[np.float32]
    features: dict[str, Features]


# Given the hash of a file's content (16 bytes), lend what is known of it, or None.
Lender = Callable[[bytes], Lent | None]


@dataclass
class _Described:
    """One photograph on its way: what its thread found out, before the network has run."""

    content_hash: bytes = bytes(HASH_BYTES)
    file_bytes: int = 0
    modified_ns: int = 0
    size: tuple[int, int] = (0, 0)
    reason: str = ""
    prepared: NDArray[np.uint8] | None = None
    features: dict[str, Features] | None = None
    vector: NDArray[np.float32] | None = None

    def fail(self, reason: str) -> None:
        self.reason = reason
        self.prepared = self.features = self.vector = None


def describe(
    photos: Photos,
    extractors: Extractors,
    *,
    block_sizes: Callable[[], int],
    lend: Lender = lambda content_hash: None,
    threads: int = 0,
    on_photo: Callable[[bool], None] = lambda failed: None,
) -> Iterator[Block]:
    """Describe `photos` in order, a block at a time; what is held does not grow with their number.

    `block_sizes` is asked for the size of each block when it begins. A photograph that cannot be read
    becomes a failed record with its reason and a zero vector. `threads` 0 takes one a core; each thread
    runs whole pictures and whole batches by itself, so that none waits for another.
    """
    threads = threads or num_cores()
    # The matrix library's own threads would fight with these for the same cores.
    with (
        ThreadpoolController().limit(limits=1, user_api="blas"),
        ThreadPoolExecutor(threads, initializer=_one_thread_each) as pool,
    ):
        run = _Run(extractors, lend, pool, on_photo)
        try:
            yield from run.blocks(photos, block_sizes, ahead=_AHEAD_PER_THREAD * threads)
        finally:
            pool.shutdown(cancel_futures=True)


def num_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


class _Chunk:
    """The photographs of one block while they are worked on."""

    def __init__(self, photos: Photos, first: int, count: int, batch_size: int) -> None:
        self.photos = photos
        self.first = first
        self.described = [_Described() for _ in range(count)]
        self.batcher = Batcher(batch_size)
        self.waiting = count
        self.batches: list[Future[None]] = []


class _Run:
    def __init__(
        self, extractors: Extractors, lend: Lender, pool: ThreadPoolExecutor, on_photo: Callable[[bool], None]
    ) -> None:
        self._extractors = extractors
        self._lend = lend
        self._pool = pool
        self._on_photo = on_photo
        self._preparing: deque[tuple[_Chunk, int, Future[_Described]]] = deque()

    def blocks(self, photos: Photos, block_sizes: Callable[[], int], ahead: int) -> Iterator[Block]:
        chunks: deque[_Chunk] = deque()
        first = 0
        while first < len(photos):
            count = min(block_sizes(), len(photos) - first)
            chunk = _Chunk(photos, first, count, self._extractors.vector.batch_size)
            chunks.append(chunk)
            for place in range(len(chunk.described)):
                path = photos.paths[first + place]
                self._preparing.append((chunk, place, self._pool.submit(self._prepare, path)))
                if len(self._preparing) > ahead:
                    self._take_one()
            first += len(chunk.described)
            # The last batches of a block run while the next block's photographs are decoded.
            while chunks and not chunks[0].waiting and chunks[0] is not chunk:
                yield self._finished(chunks.popleft())
        while self._preparing:
            self._take_one()
        while chunks:
            yield self._finished(chunks.popleft())

    def _take_one(self) -> None:
        chunk, place, future = self._preparing.popleft()
        described = future.result()
        chunk.described[place] = described
        chunk.waiting -= 1
        if described.prepared is not None:
            batch = chunk.batcher.add(place, described.prepared)
            described.prepared = None
            if batch:
                self._submit(chunk, batch)
        if not chunk.waiting:
            for batch in chunk.batcher.rest():
                self._submit(chunk, batch)
        self._on_photo(bool(described.reason))

    def _submit(self, chunk: _Chunk, batch: Batch) -> None:
        chunk.batches.append(self._pool.submit(self._extract, chunk, batch))

    def _extract(self, chunk: _Chunk, batch: Batch) -> None:
        places, pixels = batch
        extractors = self._extractors
        if not extractors.from_map:
            for place, vector in zip(places, extractors.vector.extract(pixels), strict=True):
                chunk.described[place].vector = vector
            return
        vectors, maps = extractors.vector.extract_with_maps(pixels)
        for place, vector, feature_map in zip(places, vectors, maps, strict=True):
            described = chunk.described[place]
            described.vector = vector
            described.features = {**(described.features or {}), **extractors.features_of_map(feature_map)}

    def _prepare(self, path: str) -> _Described:
        described = _Described()
        try:
            # The time is taken ahead of the bytes: a file that changes in between is then read again.
            before = photo_files.stamp(path)
            data = images.read_bytes(path)
            described.modified_ns = before.modified_ns if before else 0
            described.file_bytes = len(data)
            described.content_hash = photo_files.content_hash(data)
            lent = self._lend(described.content_hash)
            if lent:
                described.size = (int(lent.size[0]), int(lent.size[1]))
                described.vector, described.features = lent.vector, lent.features
                return described
            self._look_at(images.decode(data, self._extractors.photos), described)
        except PhotoRetryError as error:
            # Without a hash it counts as never read, so that the next run tries again.
            described.fail(str(error))
            described.content_hash = bytes(HASH_BYTES)
        except PhotoError as error:
            described.fail(str(error))
        return described

    def _look_at(self, photo: images.Photo, described: _Described) -> None:
        described.size = (photo.width, photo.height)
        try:
            described.prepared = self._extractors.vector.prepare(photo.pixels)
            described.features = self._extractors.features_of_photo(photo)
        except RetrieveError:
            raise
        except Exception as error:  # the image skip: one odd picture must not stop a million others
            raise PhotoRetryError(f"cannot be described: {error}") from error

    def _finished(self, chunk: _Chunk) -> Block:
        for batch in chunk.batches:
            batch.result()
        described = chunk.described
        dim = self._extractors.vector.dim
        vectors = np.zeros((len(described), dim), np.float32)
        for place, one in enumerate(described):
            # The comparison is false for NaN too.
            if one.vector is not None and not np.abs(one.vector).max() <= _LARGEST:
                one.fail("its vector is not finite in half precision")
            if one.vector is not None:
                vectors[place] = one.vector
        empty = self._extractors.empty
        local = {
            kind: pack([(one.features or empty)[kind] for one in described]) for kind in self._extractors.kept
        }
        return Block(_records(chunk), vectors, local)


def absolute(path: str) -> bytes:
    """Give a file's absolute name as it is stored: bytes, since a name need not be text."""
    return os.fsencode(os.path.abspath(path))


def metadata_text(metadata: Mapping[str, str]) -> str:
    """Give metadata as it is stored, equal for equal mappings."""
    return json.dumps(dict(metadata), sort_keys=True)


def _records(chunk: _Chunk) -> Records:
    rows = range(chunk.first, chunk.first + len(chunk.described))
    photos, described = chunk.photos, chunk.described
    return Records(
        ids=tuple(photos.ids[row] for row in rows),
        paths=tuple(absolute(photos.paths[row]) for row in rows),
        labels=tuple(photos.labels[row] for row in rows),
        metadata=tuple(metadata_text(photos.metadata[row]) for row in rows),
        reasons=tuple(one.reason for one in described),
        statuses=np.array([FAILED if one.reason else OK for one in described], np.uint8),
        content_hashes=np.frombuffer(b"".join(one.content_hash for one in described), np.uint8).reshape(
            -1, HASH_BYTES
        ),
        sizes=np.array([one.size for one in described], np.int32),
        file_bytes=np.array([one.file_bytes for one in described], np.int64),
        modified_ns=np.array([one.modified_ns for one in described], np.int64),
    )


def _one_thread_each() -> None:
    """Leave the cores to the pool: two libraries with threads of their own on two cores stall each other."""
    import sys

    import cv2

    cv2.setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
