"""The embedding space: labelled photographs or vectors, added at any time, and what is nearest to another."""

import hashlib
import logging
import os
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluate.arrays import BoolArray
from extract import extractors, recipe_files
from extract import recipe as recipes
from extract.errors import StoreError
from extract.extractors import Extractors
from extract.photos import Photos
from extract.recipe import Recipe
from extract.run import Summary
from extract.store import DescriptorStore
from extract.store_writer import StoreWriter
from retrieval import (
    build,
    labelled_vectors,
    single_blocks,
    space_calibration,
    space_photos,
    unseen_classes,
)
from retrieval.classification import Classification, answers
from retrieval.labelled_vectors import LabelledVectors
from retrieval.space_calibration import Calibration

logger = logging.getLogger(__name__)

NUM_VOTES = 5
Item = str | Path | NDArray[np.floating]


class EmbeddingSpace:
    """A store whose rows have labels; every store that was indexed with labels is one.

    It sees the revision that it opened, and what it adds itself.
    """

    def __init__(self, store: DescriptorStore) -> None:
        self.store = store

    @classmethod
    def create(cls, path: str | Path, recipe: str | Recipe = "default") -> "EmbeddingSpace":
        """Make an empty space; `recipe` is a preset by name, a TOML file or the folder of a training run.

        Raises:
            RetrieveError: the recipe is not usable, or there is something at `path` already.
        """
        if DescriptorStore.exists(path):
            raise StoreError(f"there is a space at {str(path)!r} already; open it, or name a new folder")
        chosen = recipe_files.resolve(recipes.load(recipe) if isinstance(recipe, str) else recipe)
        built = extractors.build(chosen)
        with StoreWriter(path, chosen, built.vector.dim) as writer:
            space = cls(writer.store)
        space._extractors = built
        return space

    @classmethod
    def open(cls, path: str | Path, recipe: str | Recipe | None = None) -> "EmbeddingSpace":
        """Open a space; a `recipe` that is given must be the one it was made with.

        Raises:
            StoreError: there is no store at `path`, or it is damaged.
            RecipeMismatchError: it was made with another recipe.
        """
        store = DescriptorStore.open(path)
        if recipe is not None:
            given = recipes.load(recipe) if isinstance(recipe, str) else recipe
            store.check_settings(given)
            store.check_recipe(recipe_files.resolve(given))
        return cls(store)

    def __len__(self) -> int:
        return len(self.labelled)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the space, sorted."""
        return tuple(sorted(set(self.labelled.labels)))

    @cached_property
    def labelled(self) -> LabelledVectors:
        """All photographs that have a label, read when first asked for.

        Raises:
            StoreError: the store is damaged; so for all that reads it.
        """
        return labelled_vectors.of_store(self.store)

    @cached_property
    def calibration(self) -> Calibration | None:
        """What tells known from unknown, None as long as `calibrate` has not been run.

        Raises:
            StoreError: the file was cut or altered, or is of another recipe.
        """
        found = space_calibration.read(self.store)
        if found is not None and found.revision != self.store.revision:
            logger.warning(
                "%r changed since it was calibrated (revision %d, now %d), and chances may be off; run "
                "`retrieve calibrate` again", str(self.store.path), found.revision, self.store.revision,
            )  # fmt: skip
        return found

    def add(self, item: Item, label: str, *, name: str | None = None) -> str:
        """Add a photograph's file, or a vector (D,) of the space's own network, and commit it; give its id.

        The id is `name`, else the path as given, else the hash of the vector. What had the id before is
        replaced. For many photographs `add_photos` is faster: this writes a segment for each.

        Raises:
            PhotoError: the photograph cannot be read.
            RetrieveError: the store is busy or cannot be written.
            ValueError: there is no label, or the vector is none of this space.
        """
        if not label:
            raise ValueError("an item of a space needs a label that is not empty")
        if isinstance(item, str | Path):
            chosen = os.fspath(item) if name is None else name
            block = single_blocks.of_photo(item, label, chosen, self._extractors)
        else:
            content = np.ascontiguousarray(item, np.float32).tobytes()
            chosen = f"vector {hashlib.blake2b(content, digest_size=8).hexdigest()}" if name is None else name
            block = single_blocks.of_vector(
                item, label, chosen, self._extractors, normalised=self._normalised
            )
        with StoreWriter(self.store.path, self.store.recipe, self.store.dim) as writer:
            ids = writer.store.records.ids
            superseded = [row for row in np.flatnonzero(writer.store.current).tolist() if ids[row] == chosen]
            writer.append(block, superseded)
            self._take(writer.store)
        return chosen

    def add_photos(self, photos: Photos) -> Summary:
        """Add many photographs at once, as `retrieve index` does; what cannot be read is told.

        Raises:
            PhotosError: one of them has no label.
            RetrieveError: the store is busy or cannot be written.
        """
        space_photos.check_labels(photos)
        summary = build.build(photos, self.store.recipe, self.store.path)
        self._take(DescriptorStore.open(self.store.path))
        return summary

    def classify(self, item: Item, k: int | None = None) -> Classification:
        """Let the `k` nearest vote on the label; without a `k` as many as were calibrated for, else 5.

        Raises:
            PhotoError: the photograph cannot be read.
            StoreError: the space is empty.
            ValueError: k is below 1, or the vector is none of this space.
        """
        if isinstance(item, str | Path):
            block = single_blocks.of_photo(item, "", os.fspath(item), self._extractors.only(()))
            return self.classify_vectors(block.vectors, k)[0]
        vector = single_blocks.checked(item, self.store.dim, normalised=self._normalised)
        return self.classify_vectors(vector[None], k)[0]

    def classify_vectors(self, vectors: NDArray[np.float32], k: int | None = None) -> list[Classification]:
        """Classify `vectors` (Q, D) as the space's recipe makes them.

        Raises:
            StoreError: the space is empty.
            ValueError: k is below 1.
        """
        calibration = self.calibration
        votes = k if k is not None else calibration.k if calibration else NUM_VOTES
        if votes < 1:
            raise ValueError(f"k must be at least 1, got {votes}")
        known = self.labelled
        if not len(known):
            raise StoreError(
                f"no photograph of {str(self.store.path)!r} has a label; "
                "index a CSV with the columns id, file, label"
            )
        found = answers(known, vectors, votes)
        if calibration is None or votes != calibration.k:
            return found
        return [calibration.judged(one) for one in found]

    def calibrate(
        self, photos: Photos, *, k: int = NUM_VOTES, precision: float = 0.9, seed: int = 0
    ) -> Calibration:
        """Fit on labelled photographs what counts as unknown, and keep it beside the store.

        Each is asked twice, once with its class left out, so that each class plays the unknown. Photographs
        should be held out; one that the space holds under its id never finds itself. Those whose class the
        space does not hold are left out.

        Raises:
            PhotosError: none can be used, or one has another label in the space.
            RetrieveError: too few classes or photographs, or the file cannot be written.
        """
        chosen = space_photos.of_known_classes(photos, self.labelled)
        asked = space_photos.described(chosen, self._extractors)
        calibration = space_calibration.fit(
            self.labelled, asked, k=k, precision=precision, seed=seed, digest=self.store.digest,
            revision=self.store.revision,
        )  # fmt: skip
        space_calibration.write(self.store.path, calibration)
        self._forget("calibration")
        return calibration

    def k_shot(
        self, photos: Photos, shots: int, *, k: int = 1, seed: int = 0
    ) -> tuple[tuple[str, ...], BoolArray]:
        """Evaluate classes that the space has not seen: `shots` of each are added (not kept), the rest ask.

        Gives the ids (Q) that asked and whether their class was among their `k` nearest, (Q,); which
        photographs are added is drawn with `seed`.

        Raises:
            PhotosError: a class is in the space already, has too few photographs, or none can be read.
        """
        space_photos.check_unseen(photos, self.labelled)
        asked = space_photos.described(photos, self._extractors)
        return unseen_classes.ask(self.labelled, asked, shots, k=k, seed=seed)

    @cached_property
    def _extractors(self) -> Extractors:
        return extractors.build(self.store.recipe)

    @property
    def _normalised(self) -> bool:
        return bool(getattr(self.store.recipe.global_config, "normalise", True))

    def _take(self, store: DescriptorStore) -> None:
        self.store = store
        self._forget("labelled")
        self._forget("calibration")

    def _forget(self, name: str) -> None:
        self.__dict__.pop(name, None)
