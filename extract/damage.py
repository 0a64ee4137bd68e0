"""Read what a damaged store still holds: rows that cannot be read are lost, and it is noted why."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract.block import HASH_BYTES, LOST, Records
from extract.errors import StoreError
from extract.features import Features
from extract.segments import VECTOR_DTYPE, Segment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Damage:
    """A segment of a store that could not be read, wholly or in part, and the sentence that says why."""

    segment: str
    reason: str


class DamageLog:
    """What was found damaged so far, told once a segment, in the order found."""

    def __init__(self) -> None:
        self._found: dict[str, Damage] = {}

    def __len__(self) -> int:
        return len(self._found)

    def note(self, segment: str, error: StoreError) -> None:
        """Keep the first `error` of a segment and tell it in the log."""
        if segment not in self._found:
            self._found[segment] = Damage(segment, str(error))
            logger.error("%s; answers come from the rest of the store", error)

    @property
    def all(self) -> list[Damage]:
        """Every damage noted."""
        return list(self._found.values())


class TolerantSegment:
    """A segment whose reads never fail for damage.

    What cannot be read comes as records with the status LOST, vectors of NaN and features of none; where
    the descriptors of one photograph are altered, those of the others are given.
    """

    def __init__(
        self, segment: Segment, num_photos: int, dim: int, siblings: Sequence[Segment], log: DamageLog
    ) -> None:
        self._segment = segment
        self._num_photos = num_photos
        self._dim = dim
        self._siblings = siblings
        self._log = log

    def records(self) -> Records:
        """Read who the photographs are; without ids where that is lost."""
        try:
            return self._segment.records()
        except StoreError as error:
            self._note(error)
        return _lost(self._num_photos)

    def vectors(self) -> NDArray[np.generic]:
        """Read all global vectors (n, D); NaN where they are lost."""
        try:
            return self._segment.vectors()
        except StoreError as error:
            self._note(error)
        return np.full((self._num_photos, self._dim), np.nan, VECTOR_DTYPE)

    def features(self, kind: str, photos: Sequence[int]) -> list[Features]:
        """Read the local features of `photos`, none where they are lost.

        Raises:
            KeyError: the store has no descriptors of this kind.
            StoreError: no segment can be read, so that the shape of a descriptor is not known.
        """
        try:
            return self._segment.features(kind, photos)
        except StoreError as error:
            self._note(error)
        return [self._one(kind, photo) for photo in photos]

    def _note(self, error: StoreError) -> None:
        self._log.note(self._segment.name, error)

    def _one(self, kind: str, photo: int) -> Features:
        try:
            return self._segment.features(kind, [photo])[0]
        except StoreError:
            return self._none(kind)

    def _none(self, kind: str) -> Features:
        reason: StoreError | None = None
        for segment in (self._segment, *self._siblings):
            try:
                return segment.no_features(kind)
            except StoreError as error:
                reason = error
        raise StoreError(f"no segment of the store can be read: {reason}")


def _lost(count: int) -> Records:
    texts = ("",) * count
    return Records(
        ids=texts,
        paths=(b"",) * count,
        labels=texts,
        metadata=("{}",) * count,
        reasons=texts,
        statuses=np.full(count, LOST, np.uint8),
        content_hashes=np.zeros((count, HASH_BYTES), np.uint8),
        sizes=np.ones((count, 2), np.int32),
        file_bytes=np.zeros(count, np.int64),
        modified_ns=np.zeros(count, np.int64),
    )
