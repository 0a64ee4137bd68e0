"""Codebooks of visual words: centres of local descriptors, and which of them is nearest."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract import fitted, weight_files
from extract.config import FileRef
from extract.errors import ConfigError, WeightsError
from extract.fitted import Note

PACKAGED = Path(__file__).parent / "codebooks"

# Above so many numbers the centres are kept as bytes: a quarter of the file, and a rounding of 1/510 of
# their range, which is far below how far the descriptors of a word lie from its centre.
_MOST_HALVES = 2**16
# Products of descriptors with centres that are held at once, 16 MB.
_MOST_PRODUCTS = 2**22


@dataclass(frozen=True)
class Codebook:
    """`centres` (K, D) float32 of descriptors of length one, and the note of what they were fitted on."""

    centres: NDArray[np.float32]
    note: Note
    path: str = ""

    def assign(self, descriptors: NDArray[np.float32]) -> NDArray[np.int64]:
        """Give the nearest centre of each of `descriptors` (M, D), the first of equals, as (M,)."""
        words = np.empty(len(descriptors), np.int64)
        step = max(1, _MOST_PRODUCTS // len(self.centres))
        for start in range(0, len(descriptors), step):
            part = slice(start, start + step)
            # |x - c|^2 = |x|^2 - 2 (xc - |c|^2 / 2): the largest bracket belongs to the nearest centre.
            words[part] = np.argmax(descriptors[part] @ self.centres.T - self._half_squares, axis=1)
        return words

    def residuals(
        self, descriptors: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
        """Sum, for each word that occurs, what parts its descriptors from its centre.

        Gives the words (W,) rising, the sums (W, D) and how many descriptors fell into each (W,). A zero
        descriptor is evidence of nothing and left out.
        """
        descriptors = descriptors[descriptors.any(axis=1)]
        if not len(descriptors):
            nothing = np.zeros(0, np.int64)
            return nothing, np.zeros((0, self.centres.shape[1]), np.float32), nothing
        words = self.assign(descriptors)
        order = np.argsort(words, kind="stable")
        found, starts, counts = np.unique(words[order], return_index=True, return_counts=True)
        # Each difference by itself: sums of products would leave noise where the sum is exactly zero.
        differences = descriptors[order] - self.centres[words[order]]
        return found, np.add.reduceat(differences, starts, axis=0), counts

    def write(self, path: Path) -> None:
        """Save as safetensors: halves, or bytes where the centres are many.

        Raises:
            WeightsError: the file cannot be written.
        """
        centres = self.centres
        if centres.size <= _MOST_HALVES:
            fitted.write(path, {"centres": centres.astype(np.float16)}, self.note)
            return
        zero = float(min(centres.min(), 0.0))
        step = max(float(centres.max()) - zero, np.finfo(np.float32).tiny) / 255
        values = np.rint((centres - zero) / step).astype(np.uint8)
        scale = np.array([zero, step], np.float32)
        fitted.write(path, {"centres": values, "scale": scale}, self.note)

    @classmethod
    def read(cls, path: Path) -> "Codebook":
        """Load a codebook.

        Raises:
            WeightsError: the file is absent or is no codebook.
        """
        tensors, note = fitted.read(path, ("centres",))
        centres = tensors["centres"]
        if centres.ndim != 2 or not centres.size:
            raise WeightsError(f"{str(path)!r} is no codebook (its centres have the shape {centres.shape})")
        if centres.dtype == np.uint8:
            zero, step = fitted.read(path, ("scale",))[0]["scale"]
            centres = centres * step + zero
        return cls(np.ascontiguousarray(centres, np.float32), note, str(path))

    @cached_property
    def _half_squares(self) -> NDArray[np.float32]:
        return np.asarray((self.centres**2).sum(axis=1) / 2, np.float32)


def load(file: FileRef, kind: str) -> Codebook:
    """Read the codebook that a resolved configuration of the local descriptor `kind` names.

    Raises:
        WeightsError: the file is absent, altered or no codebook.
        ConfigError: it is for another local descriptor.
    """
    weight_files.check(Path(file.path), file.sha256)
    codebook = Codebook.read(Path(file.path))
    if codebook.note.kind != kind:
        raise ConfigError(
            f"{file.path!r} is for {codebook.note.kind} descriptors, not for {kind}; fit one with "
            f"`retrieve fit-codebook PHOTOS --kind {kind} --out FILE`"
        )
    return codebook


def or_packaged(file: FileRef, name: str) -> FileRef:
    """Give `file` as it is, or the packaged codebook `name` where none is set."""
    if file.path or file.sha256:
        return file
    path = PACKAGED / name
    return FileRef(str(path), weight_files.sha256_of(path))
