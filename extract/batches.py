"""Gather prepared pictures into batches of one shape, in an order that depends on nothing but the photos."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Batch = tuple[list[int], NDArray[np.uint8]]


class Batcher:
    """Hold pictures by shape until a batch is full.

    Batches form by photo order alone, never by which thread was faster: some kernels round differently
    in batches of another size.
    """

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._waiting: dict[tuple[int, ...], list[tuple[int, NDArray[np.uint8]]]] = {}

    def add(self, place: int, pixels: NDArray[np.uint8]) -> Batch | None:
        """Take a picture (h, w, 3); give places and pixels (B, h, w, 3) of its batch if that is full."""
        waiting = self._waiting.setdefault(pixels.shape, [])
        waiting.append((place, pixels))
        if len(waiting) < self._batch_size:
            return None
        return _stacked(self._waiting.pop(pixels.shape))

    def rest(self) -> Iterator[Batch]:
        """Give what is left in batches that are not full, and be empty."""
        while self._waiting:
            yield _stacked(self._waiting.pop(next(iter(self._waiting))))


def _stacked(waiting: list[tuple[int, NDArray[np.uint8]]]) -> Batch:
    places = [place for place, _ in waiting]
    return places, np.stack([pixels for _, pixels in waiting])
