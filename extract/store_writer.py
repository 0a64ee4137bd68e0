"""The one writer of a store: it makes the folder, publishes segments and replaces the state."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np

from extract import recipe_files, segments, state
from extract.block import FAILED, Block
from extract.errors import StoreError
from extract.lock import WriterLock
from extract.publish import PART_SUFFIX, publish
from extract.recipe import Recipe
from extract.store import ASSETS, SEGMENTS, DescriptorStore

logger = logging.getLogger(__name__)

LOCK_NAME = "LOCK"
# What floors above make of the segments, and may make again.
INDEX = "index"
_OWN_NAMES = {LOCK_NAME, SEGMENTS, ASSETS, INDEX, state.FILE_NAME, state.FILE_NAME + PART_SUFFIX}


class StoreWriter:
    """The one writer of a store, for the length of a `with` block.

    Raises (on entry):
        StoreBusyError: another process writes.
        RecipeMismatchError: the store was made with another recipe.
        StoreError: the folder is something else, damaged, or cannot be written.
    """

    def __init__(self, path: str | Path, recipe: Recipe, dim: int) -> None:
        self._path = Path(path)
        self._recipe = recipe
        self._dim = dim
        self._lock = WriterLock(self._path / LOCK_NAME)
        self.store: DescriptorStore

    def __enter__(self) -> "StoreWriter":
        self._make_folder()
        self._lock.__enter__()
        try:
            if DescriptorStore.exists(self._path):
                self.store = DescriptorStore.open(self._path)
                self.store.check_recipe(self._recipe)
                self._keep_chain()
            else:
                self._create()
            for leftover in (self._path / SEGMENTS).glob(f"*{PART_SUFFIX}"):
                leftover.unlink()
        except BaseException as error:
            self._lock.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.__exit__(kind, error, trace)

    def append(self, block: Block, superseded: Sequence[int] = ()) -> None:
        """Commit a segment; rows in `superseded` are deleted in the same step.

        Raises:
            StoreError: it cannot be written; the last revision stays.
        """
        current = self.store.state
        content = segments.encode(block)
        name = f"{len(current.segments):06d}.h5"
        publish(self._path / SEGMENTS / name, content)
        entry = state.SegmentEntry(
            file=name,
            photos=len(block),
            failed=int(np.count_nonzero(block.records.statuses == FAILED)),
            bytes=len(content),
            blake2b=state.content_hash(content),
        )
        grown = current.grown(entry, tuple(superseded))
        state.write(self._path, grown)
        self.store = DescriptorStore(self._path, grown)

    def _make_folder(self) -> None:
        try:
            for folder in (self._path / SEGMENTS, self._path / ASSETS):
                if not self._path.exists() or _is_ours(self._path):
                    folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the store {str(self._path)!r}: {error.strerror}") from error
        if not _is_ours(self._path):
            raise StoreError(f"{str(self._path)!r} holds other files and is no store; name a new folder")

    def _keep_chain(self) -> None:
        current, chain = self.store.state, self._recipe.to_plain()["rerank"]
        if current.recipe["rerank"] != chain:
            recipe = {**current.recipe, "rerank": chain}
            changed = replace(current, revision=current.revision + 1, recipe=recipe)
            state.write(self._path, changed)
            self.store = DescriptorStore(self._path, changed)

    def _create(self) -> None:
        if any((self._path / SEGMENTS).glob("*.h5")):
            raise StoreError(
                f"{str(self._path / state.FILE_NAME)!r} is gone and the segments beside it are of no use "
                "without it; restore it from a copy, or index into a new store"
            )
        for file in recipe_files.named(self._recipe):
            target = self._path / ASSETS / file.sha256
            if not target.exists():
                publish(target, Path(file.path).read_bytes())
        fresh = state.State(
            revision=0, digest=self._recipe.digest, recipe=self._recipe.to_plain(), dim=self._dim
        )
        state.write(self._path, fresh)
        self.store = DescriptorStore(self._path, fresh)
        logger.info("made the store %s with the recipe %s", self._path, self._recipe.name)


def _is_ours(path: Path) -> bool:
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir()}
    return state.FILE_NAME in names or names <= _OWN_NAMES
