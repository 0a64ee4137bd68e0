"""One segment: an HDF5 file of up to a few thousand photographs that is written once and never changed."""

import io
import math
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extract.block import Block, Records
from extract.errors import StoreError
from extract.features import Features

if TYPE_CHECKING:
    import h5py

# Half precision keeps a cosine to about 1e-4 and halves the file. Rows that another segment lends
# (a photo that only moved) pass through it a second time unchanged.
VECTOR_DTYPE = np.float16
MAX_PHOTOS = 4096

_TEXTS = ("ids", "labels", "metadata", "reasons")
_NUMBERS = ("statuses", "content_hashes", "sizes", "file_bytes", "modified_ns")
_FEATURE_ARRAYS = ("points", "descriptors", "scores")


def encode(block: Block) -> bytes:
    """Give the bytes of the HDF5 file that holds `block`.

    The file is laid out in memory, so that a full disk can only ever meet one plain write. Arrays are
    contiguous; each carries a CRC-32 of its bytes, local features one a photograph.

    Raises:
        ValueError: the block is empty or too large for one segment.
    """
    import h5py

    if not 1 <= len(block) <= MAX_PHOTOS:
        raise ValueError(f"a segment holds 1 to {MAX_PHOTOS} photographs, got {len(block)}")
    buffer = io.BytesIO()
    # This format checks its own metadata; an altered byte in it is an error, not another answer.
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        records = block.records
        for name in _TEXTS:
            _write(file, name, _padded([text.encode() for text in getattr(records, name)]), text=True)
        _write(file, "paths", _padded(records.paths))
        for name in _NUMBERS:
            _write(file, name, getattr(records, name))
        _write(file, "global", block.vectors.astype(VECTOR_DTYPE))
        for kind, packed in block.local.items():
            group = file.create_group(f"local/{kind}")
            _write(group, "offsets", packed.offsets)
            for name in _FEATURE_ARRAYS:
                group.create_dataset(name, data=getattr(packed, name))
            _write(group, "crc32", np.array([_crc_of(packed[i]) for i in range(len(packed))], np.uint32))
    return buffer.getvalue()


@dataclass(frozen=True)
class _Place:
    """Where an array lies in the file."""

    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    crc: int | None


class Segment:
    """Read a segment; the file is open only during a call, so thousands of segments cost no descriptors."""

    def __init__(self, path: Path, num_photos: int, num_bytes: int) -> None:
        self._path = path
        self._num_photos = num_photos
        self._num_bytes = num_bytes

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    def records(self) -> Records:
        """Read who the photographs are.

        Raises:
            StoreError: the file is missing, cut or altered; so for every method here.
        """
        with self._open() as file:
            texts = {name: tuple(t.decode() for t in self._read(file, name)) for name in _TEXTS}
            paths = tuple(bytes(path) for path in self._read(file, "paths"))
            numbers = {name: self._read(file, name) for name in _NUMBERS}
        return Records(paths=paths, **texts, **numbers)

    def vectors(self) -> NDArray[np.generic]:
        """Read all global vectors (n, D) as they are stored."""
        with self._open() as file:
            return self._read(file, "global")

    def features(self, kind: str, photos: Iterable[int]) -> list[Features]:
        """Read the local features of `photos` (positions in this segment), in the order asked for.

        Raises:
            KeyError: the segment has no descriptors of this kind.
        """
        if f"local/{kind}/offsets" not in self._places:
            raise KeyError(kind)
        with self._open() as file:
            offsets = self._read(file, f"local/{kind}/offsets")
            crcs = self._read(file, f"local/{kind}/crc32")
            return [self._features_of(file, kind, offsets, int(crcs[i]), i) for i in photos]

    def no_features(self, kind: str) -> Features:
        """Give features of none, of the shape that this segment's have.

        Raises:
            KeyError: the segment has no descriptors of this kind.
        """
        places = {name: self._places[f"local/{kind}/{name}"] for name in _FEATURE_ARRAYS}
        return Features(
            **{name: np.zeros((0, *place.shape[1:]), place.dtype) for name, place in places.items()}
        )

    def _features_of(
        self, file: io.FileIO, kind: str, offsets: NDArray[np.int64], crc: int, photo: int
    ) -> Features:
        start, stop = int(offsets[photo]), int(offsets[photo + 1])
        arrays = {name: self._slice(file, f"local/{kind}/{name}", start, stop) for name in _FEATURE_ARRAYS}
        features = Features(**arrays)
        if _crc_of(features) != crc:
            raise self._damaged(f"the {kind} descriptors of its photograph {photo} were altered")
        return features

    @cached_property
    def _places(self) -> Mapping[str, _Place]:
        import h5py

        places: dict[str, _Place] = {}

        def note(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                crc = item.attrs.get("crc32")
                places[name] = _Place(
                    item.id.get_offset() or 0, item.shape, item.dtype, None if crc is None else int(crc)
                )

        try:
            with h5py.File(self._path, "r") as file:
                file.visititems(note)
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            raise self._damaged("its HDF5 structure cannot be read") from error
        missing = {"global", "paths", *_TEXTS, *_NUMBERS} - set(places)
        if missing or any(len_of(place) != self._num_photos for n, place in places.items() if n in _TEXTS):
            raise self._damaged("it does not hold the photographs that the state lists")
        return places

    def _open(self) -> io.FileIO:
        try:
            file = io.FileIO(self._path)
        except OSError as error:
            raise self._damaged(error.strerror or "it cannot be opened") from error
        if os.fstat(file.fileno()).st_size != self._num_bytes:
            file.close()
            raise self._damaged("its length is not what the state lists")
        return file

    def _read(self, file: io.FileIO, name: str) -> NDArray[np.generic]:
        place = self._places[name]
        values = self._slice(file, name, 0, place.shape[0])
        if place.crc is not None and zlib.crc32(_bytes_of(values)) != place.crc:
            raise self._damaged(f"its array {name!r} was altered")
        return values

    def _slice(self, file: io.FileIO, name: str, start: int, stop: int) -> NDArray[np.generic]:
        place = self._places[name]
        row_bytes = math.prod(place.shape[1:]) * place.dtype.itemsize
        wanted = (stop - start) * row_bytes
        content = os.pread(file.fileno(), wanted, place.offset + start * row_bytes) if wanted > 0 else b""
        if len(content) != max(wanted, 0) or not 0 <= start <= stop <= place.shape[0]:
            raise self._damaged(f"its array {name!r} is cut off")
        return np.frombuffer(content, place.dtype).reshape(stop - start, *place.shape[1:])

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"the segment {str(self._path)!r} is damaged: {why}; restore the file from a copy, "
            "or index into a new store"
        )


def len_of(place: _Place) -> int:
    """Give the number of rows of an array in the file."""
    return place.shape[0] if place.shape else 0


def _write(group: "h5py.Group", name: str, values: NDArray[np.generic], *, text: bool = False) -> None:
    import h5py

    dtype = h5py.string_dtype("utf-8", values.dtype.itemsize) if text else values.dtype
    group.create_dataset(name, data=values.astype(dtype)).attrs["crc32"] = zlib.crc32(_bytes_of(values))


def _padded(texts: Sequence[bytes]) -> NDArray[np.bytes_]:
    return np.array(texts, dtype=f"S{max(1, *map(len, texts))}")


def _crc_of(features: Features) -> int:
    crc = 0
    for name in _FEATURE_ARRAYS:
        crc = zlib.crc32(_bytes_of(getattr(features, name)), crc)
    return crc


def _bytes_of(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    # Not memoryview.cast: it takes neither texts nor an array without rows.
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)
