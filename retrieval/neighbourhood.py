"""The collection's own space, kept in the store beside the segments and brought in step with them."""

import hashlib
import io
import logging
import time
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import state
from extract.errors import StoreBusyError, StoreError
from extract.lock import WriterLock
from extract.publish import publish
from extract.state import State
from extract.store import DescriptorStore
from extract.store_writer import INDEX, LOCK_NAME
from rerank import adaptation, space
from rerank.adaptation import Adaptation
from rerank.space import Space

logger = logging.getLogger(__name__)

FILE_NAME = "neighbourhood.h5"
# Raised when an array or how it is made changes; a file of another number is made anew.
FORMAT = 1
# Up to this many photographs all is made anew in a second or two, and answers do not depend on the order in
# which they came. Beyond it only the difference is made, until this share has come or gone since the fit.
ALWAYS_ANEW = 5000
REFIT_AT = 0.2
_HALF = np.float16
_ARRAYS = ("rows", "mean", "projection", "vectors", "expanded", "neighbours", "closeness", "about", "covers")


def update(path: str | Path) -> bool:
    """Bring the file up to the store's last revision; False where another process is writing the store.

    Raises:
        StoreError: the store is damaged, or the file cannot be written.
    """
    folder = Path(path) / INDEX
    try:
        with WriterLock(Path(path) / LOCK_NAME):
            store = DescriptorStore.open(path)
            kept = _read(store)
            if kept and kept[1] == store.revision:
                return True
            started = time.perf_counter()
            rows = np.flatnonzero(store.live)
            own, allowance = _current(kept, rows, store.vectors(rows))
            _make(folder)
            publish(folder / FILE_NAME, _encode(own, store.state, allowance))
    except StoreBusyError:
        return False
    logger.info("neighbourhood of %d photos, %.1f s", len(rows), time.perf_counter() - started)
    return True


def current(store: DescriptorStore, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> Space:
    """Give the own space of the photographs at `rows` (N,), rising, with global vectors (N, D).

    Read from the store where it is there and in step; else the difference, or all of it, is made in memory.
    """
    kept = _read(store)
    if kept and np.array_equal(kept[0].rows, rows):
        return kept[0]
    # A damaged store is behind its own file, and cannot be indexed.
    if not len(store.damage):
        why = "behind the store" if kept else "not there"
        logger.info("the neighbourhood is %s and made in memory; `retrieve index` brings it in step", why)
    return _current(kept, rows, vectors)[0]


def photo_bytes(dim: int) -> int:
    """Give the bytes of a photograph in the file, whose global vectors have length `dim`.

    `mean` and `projection`, which do not grow with the photographs, are left out.
    """
    own = min(dim, adaptation.DIM)
    row, place, half = np.dtype(np.int64).itemsize, np.dtype(np.int32).itemsize, np.dtype(_HALF).itemsize
    return row + 2 * own * half + space.NEIGHBOURS * (place + half)


def _current(
    kept: tuple[Space, int, int] | None, rows: NDArray[np.int64], vectors: NDArray[np.float32]
) -> tuple[Space, int]:
    if kept:
        before, _, allowance = kept
        changed = len(np.setxor1d(rows, before.rows, assume_unique=True))
        if changed <= allowance:
            return _with_expanded(space.grown(before, rows, vectors)), allowance - changed
    allowance = int(REFIT_AT * len(rows)) if len(rows) > ALWAYS_ANEW else 0
    return _with_expanded(space.build(rows, vectors, adaptation.fit(vectors))), allowance


def _with_expanded(own: Space) -> Space:
    # Rounded as it will be read again, so that answers do not depend on whether the file was there.
    averages = own.expanded(space.DEFAULT).astype(_HALF).astype(np.float32)
    return own.with_expanded(space.DEFAULT, averages)


def _encode(own: Space, covered: State, allowance: int) -> bytes:
    import h5py

    fitted = own.adaptation
    if fitted is None:
        raise ValueError("the space of the global vectors is not kept in a file")
    arrays: dict[str, NDArray[np.generic]] = {
        "rows": own.rows,
        "mean": fitted.mean,
        "projection": fitted.projection,
        "vectors": own.vectors.astype(_HALF),
        "expanded": own.expanded(space.DEFAULT).astype(_HALF),
        "neighbours": own.neighbours,
        "closeness": own.closeness.astype(_HALF),
        "about": np.array([covered.revision, allowance, len(covered.segments)]),
        "covers": _fingerprint(covered, len(covered.segments)),
    }
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        file.attrs["format"] = FORMAT
        for name, values in arrays.items():
            file.create_dataset(name, data=values).attrs["crc32"] = _crc(values)
    return buffer.getvalue()


def _read(store: DescriptorStore) -> tuple[Space, int, int] | None:
    """Read the space, its revision and how many changes it may still take in; None without a good file."""
    import h5py

    path = store.path / INDEX / FILE_NAME
    if not path.exists():
        return None
    try:
        with h5py.File(path, "r") as file:
            usable = file.attrs["format"] == FORMAT
            arrays = {name: file[name][()] for name in _ARRAYS} if usable else {}
            usable = usable and all(_crc(arrays[name]) == file[name].attrs["crc32"] for name in _ARRAYS)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, MemoryError):
        usable = False
    if not usable:
        _tell_of_no_use(path, "damaged or of another format")
        return None
    revision, allowance, num_segments = map(int, arrays["about"])
    # A writer may have been here since this store was opened.
    newest = store.state if revision <= store.revision else state.read(store.path)
    if revision > newest.revision:
        raise StoreError(
            f"{str(path)!r} is newer (revision {revision}) than the store beside it ({newest.revision}); "
            "delete it, `retrieve index` makes it again"
        )
    if not np.array_equal(arrays["covers"], _fingerprint(newest, num_segments)):
        _tell_of_no_use(path, "that of another store")
        return None
    own = Space(
        arrays["rows"],
        arrays["vectors"].astype(np.float32),
        arrays["neighbours"],
        arrays["closeness"].astype(np.float32),
        Adaptation(arrays["mean"], arrays["projection"]),
    )
    return own.with_expanded(space.DEFAULT, arrays["expanded"].astype(np.float32)), revision, allowance


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {str(folder)!r}: {error.strerror}") from error


def _tell_of_no_use(path: Path, why: str) -> None:
    logger.warning("%s is %s and is made anew; `retrieve index` mends the file", path, why)


def _fingerprint(covered: State, num_segments: int) -> NDArray[np.uint8]:
    """Say which segments a file is made from: a store only ever grows, and the first ones stay."""
    hashes = "".join(segment.blake2b for segment in covered.segments[:num_segments])
    return np.frombuffer(hashlib.blake2b(hashes.encode(), digest_size=16).digest(), np.uint8)


def _crc(values: NDArray[np.generic]) -> int:
    return zlib.crc32(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
