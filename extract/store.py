"""The store: descriptors of photographs on disk, read by row, grown by whole segments."""

import bisect
import hashlib
import itertools
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import recipe as recipes
from extract import recipe_files, segments, state, weight_files
from extract.block import LOST, OK, Records
from extract.damage import DamageLog, TolerantSegment
from extract.errors import RecipeMismatchError, StoreError
from extract.features import Features, PackedFeatures, pack
from extract.recipe import Recipe

SEGMENTS, ASSETS = "segments", "assets"
_LISTED_DIFFERENCES = 3


class DescriptorStore:
    """One revision of a store, for reading; any number of readers may be open beside one writer.

    `damage` holds what a tolerant one could not read so far.
    """

    def __init__(self, path: Path, current: state.State, *, tolerant: bool = False) -> None:
        self.path = path
        self.state = current
        self.damage = DamageLog()
        whole = [
            segments.Segment(path / SEGMENTS / entry.file, entry.photos, entry.bytes)
            for entry in current.segments
        ]
        self._segments: Sequence[segments.Segment | TolerantSegment] = whole
        if tolerant:
            self._segments = [
                TolerantSegment(segment, entry.photos, current.dim, whole, self.damage)
                for segment, entry in zip(whole, current.segments, strict=True)
            ]
        self._starts = [0, *itertools.accumulate(entry.photos for entry in current.segments)]

    @classmethod
    def open(cls, path: str | Path, *, tolerant: bool = False) -> "DescriptorStore":
        """Open the last revision that was committed.

        A tolerant store gives what it can where a segment is damaged (see `extract.damage`): lost rows
        are neither live nor current, their vectors are NaN, and they have no features.

        Raises:
            StoreError: there is no store, or its state is damaged.
        """
        return cls(Path(path), state.read(Path(path)), tolerant=tolerant)

    @staticmethod
    def exists(path: str | Path) -> bool:
        """Say whether there is a store at `path`, whole or not."""
        return (Path(path) / state.FILE_NAME).exists()

    @property
    def revision(self) -> int:
        """Number of commits so far."""
        return self.state.revision

    @property
    def digest(self) -> str:
        """Digest of the recipe that every row was made with."""
        return self.state.digest

    @property
    def dim(self) -> int:
        """Length of a global vector."""
        return self.state.dim

    @property
    def num_rows(self) -> int:
        """Rows given so far; deleted ones keep their number."""
        return self._starts[-1]

    @property
    def num_bytes(self) -> int:
        """Bytes of all segments."""
        return sum(entry.bytes for entry in self.state.segments)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of every row; the files that it names lie in the store."""
        recipe = recipes.from_plain(self.state.recipe, f"the recipe of {str(self.path)!r}")
        return recipe_files.with_folder(recipe, self.path / ASSETS)

    @cached_property
    def records(self) -> Records:
        """Who the photographs of all rows are.

        Raises:
            StoreError: a segment is damaged; so for every method that reads rows.
        """
        return _joined([segment.records() for segment in self._segments])

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Which rows count (R,): neither deleted nor failed."""
        live = np.asarray(self.records.statuses == OK)
        live[list(self.state.deleted)] = False
        return live

    @cached_property
    def current(self) -> NDArray[np.bool_]:
        """Which rows are the last word on their photograph (R,): not deleted, failed or not."""
        current = np.asarray(self.records.statuses != LOST)
        current[list(self.state.deleted)] = False
        return current

    def vectors(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Read global vectors (len(rows), D) float32, or those of all rows.

        Raises:
            StoreError: a segment is damaged, or this revision has no such row.
        """
        if rows is None:
            parts = [segment.vectors() for segment in self._segments]
            return np.concatenate([np.zeros((0, self.dim), np.float32), *parts], dtype=np.float32)
        found = np.empty((len(rows), self.dim), np.float32)
        for number, places in self._by_segment(rows).items():
            found[places] = self._segments[number].vectors()[rows[places] - self._starts[number]]
        return found

    def features(self, kind: str, rows: NDArray[np.int64]) -> PackedFeatures:
        """Read the local features of `rows` in one pass: each segment is opened once.

        Raises:
            StoreError: the store has no descriptors of this kind, or a segment is damaged.
        """
        found: list[Features | None] = [None] * len(rows)
        for number, places in self._by_segment(rows).items():
            photos = [int(rows[place]) - self._starts[number] for place in places]
            try:
                features = self._segments[number].features(kind, photos)
            except KeyError as error:
                raise StoreError(self.lacks([kind])) from error
            for place, one in zip(places, features, strict=True):
                found[place] = one
        return pack([one for one in found if one is not None])

    def verify(self) -> None:
        """Read every segment and every file of the recipe and compare them with their hashes.

        Raises:
            StoreError: a segment is missing, cut or altered.
            WeightsError: so is a file of the recipe.
        """
        for file in recipe_files.named(self.recipe):
            weight_files.check(Path(file.path), file.sha256)
        for entry in self.state.segments:
            path = self.path / SEGMENTS / entry.file
            try:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
            except OSError as error:
                raise StoreError(f"cannot read the segment {str(path)!r}: {error.strerror}") from error
            if found != entry.blake2b:
                raise StoreError(
                    f"the segment {str(path)!r} was cut or altered; restore the file from a copy, "
                    "or index into a new store"
                )

    def check_settings(self, recipe: Recipe) -> None:
        """Refuse a recipe whose settings differ from the store's, before its files are looked for.

        Raises:
            RecipeMismatchError: they do; both recipes are named.
        """
        differences = recipes.differences(self.recipe, recipe)
        settings = [one for one in differences if not one.partition(":")[0].endswith(".sha256")]
        if settings:
            raise self._refused(recipe, settings)

    def check_recipe(self, recipe: Recipe) -> None:
        """Refuse a resolved recipe that would give other descriptors than the store's.

        Raises:
            RecipeMismatchError: the digests differ; both recipes are named.
        """
        if recipe.digest == self.digest:
            return
        differences = recipes.differences(self.recipe, recipe)
        if not differences:
            raise RecipeMismatchError(
                f"the store {str(self.path)!r} (digest {self.digest}) was made by a version of this "
                f"program that describes photographs otherwise (digest {recipe.digest}); "
                "index into a new store"
            )
        raise self._refused(recipe, differences)

    def lacks(self, kinds: Sequence[str]) -> str:
        """Say that the store has no descriptors of `kinds`, and which command makes one that does."""
        together = ",".join([*self.recipe.local, *kinds])
        return (
            f"the store {str(self.path)!r} has no {' and no '.join(kinds)} descriptors, and none can be "
            f"added to it; make another: retrieve index PHOTOS --store NEW.store --local {together}"
        )

    def _refused(self, recipe: Recipe, differences: Sequence[str]) -> RecipeMismatchError:
        new = [kind for kind in recipe.local if kind not in self.recipe.local]
        if new:
            return RecipeMismatchError(self.lacks(new))
        more = len(differences) - _LISTED_DIFFERENCES
        return RecipeMismatchError(
            f"the store {str(self.path)!r} was made with the recipe {self.recipe.name!r} "
            f"(digest {self.digest}), not with {recipe.name!r} (digest {recipe.digest}): "
            f"{'; '.join(differences[:_LISTED_DIFFERENCES])}{f' and {more} more' if more > 0 else ''}; "
            "name no recipe to use the store's own, or index into a new store"
        )

    def _by_segment(self, rows: NDArray[np.int64]) -> dict[int, list[int]]:
        grouped: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            if not 0 <= row < self.num_rows:
                raise StoreError(f"the store {str(self.path)!r} has no row {row} at revision {self.revision}")
            grouped.setdefault(bisect.bisect_right(self._starts, int(row)) - 1, []).append(place)
        return grouped


def _joined(parts: Sequence[Records]) -> Records:
    def texts(name: str) -> tuple[str, ...]:
        return tuple(itertools.chain.from_iterable(getattr(part, name) for part in parts))

    empty = Records(
        (), (), (), (), (), np.zeros(0, np.uint8), np.zeros((0, 16), np.uint8), np.zeros((0, 2), np.int32),
        np.zeros(0, np.int64), np.zeros(0, np.int64),
    )  # fmt: skip

    def numbers(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(part, name) for part in (empty, *parts)])

    fields = {name: texts(name) for name in ("ids", "paths", "labels", "metadata", "reasons")}
    arrays = {
        name: numbers(name) for name in ("statuses", "content_hashes", "sizes", "file_bytes", "modified_ns")
    }
    return Records(**fields, **arrays)
