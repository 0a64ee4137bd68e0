"""One training picture by its place and epoch: what a worker process of the loader makes."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extract import images
from extract.errors import PhotoError
from train.settings import Views
from train.split import Split
from train.views import Viewer, decoding, view_seed


@dataclass(frozen=True, eq=False)
class Item:
    """A picture (s, s, 3) and the row of its photograph; None where no photograph of the class can be read.

    `failures` are the photographs (id, reason) that were tried first.
    """

    row: int
    picture: NDArray[np.uint8] | None
    failures: tuple[tuple[str, str], ...]


class PhotoDataset:
    """Pictures of `split.train` by (epoch, place), the same in whichever process and order they are made."""

    def __init__(self, split: Split, views: Views, seed: int) -> None:
        self.ids = split.train.ids
        self.labels = split.labels
        self.class_names = split.classes
        self._paths = split.train.paths
        self._views = views
        self._seed = seed
        self._decoding = decoding(views)
        self._viewer = Viewer(views)
        # Without labels any photograph may stand in for any other.
        self._group_of = self.labels if split.labelled else np.zeros_like(self.labels)
        self._groups = _by_group(self._group_of)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, key: tuple[int, int]) -> Item:
        """Make the picture of place `key[1]` in epoch `key[0]`.

        Of a photograph that cannot be read the next of its class that can takes the place, in the view
        that it would have had (without labels the next of all).
        """
        epoch, place = key
        copy, asked = divmod(place, len(self.ids))
        seed = view_seed(self._seed, self.ids[asked], copy, epoch, fixed=self._views.fixed)
        failures = []
        for row in self._candidates(asked):
            try:
                pixels = images.read_photo(self._paths[row], self._decoding).pixels
            except PhotoError as error:
                failures.append((self.ids[row], str(error)))
                continue
            return Item(row, self._viewer.picture(pixels, seed), tuple(failures))
        return Item(asked, None, tuple(failures))

    def _candidates(self, asked: int) -> Iterator[int]:
        group = self._groups[self._group_of[asked]]
        start = int(np.searchsorted(group, asked))
        return (int(row) for row in itertools.chain(group[start:], group[:start]))


def _by_group(group_of: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(group_of, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group_of))[:-1])
