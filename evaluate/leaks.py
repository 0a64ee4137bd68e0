"""Leaks: photographs and classes that stand in two splits of a data set, where figures take them for new."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from evaluate.near_duplicates import Pairs, close_hashes
from evaluate.perceptual_hash import NUM_BITS, PictureHashes, Words

# Measured on 3,659 photographs, 3.8 million pairs across three sets: the closest differ in 66 bits, and
# those are two editions of one shot. Copies of 800 of them, compressed to quality 25, scaled to a quarter,
# mirrored, toned, with a watermark or cropped by 2 %, stay within 64 bits; 97 % of those cropped by 5 % do.
_MAX_BITS = 64

Value = TypeVar("Value", str, bytes)

Kind = Literal["same file", "same picture", "near-duplicate", "same id", "shared class"]


@dataclass(frozen=True)
class Leak:
    """What two splits have in common: a photograph of each, or a class, whose name is then both ids.

    `strength` is 1 for equal files, ids and classes, the share of equal bits for a picture, and what the
    finder of near-duplicates measured.
    """

    kind: Kind
    split_a: str
    id_a: str
    split_b: str
    id_b: str
    strength: float

    def sentence(self) -> str:
        """Say what it is in a few words."""
        if self.kind == "shared class":
            return f"class {self.id_a!r} in {self.split_a} and {self.split_b}"
        strength = f" {self.strength:.3f}" if self.kind in ("same picture", "near-duplicate") else ""
        return f"{self.id_a!r} in {self.split_a} and {self.id_b!r} in {self.split_b}: {self.kind}{strength}"


@dataclass(frozen=True, eq=False)
class Split:
    """N photographs: `ids`, `labels` ('' for none), digests of the files' `contents` (b'' where unread).

    Raises:
        ValueError: they differ in length.
    """

    name: str
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    contents: tuple[bytes, ...]
    hashes: PictureHashes

    def __post_init__(self) -> None:
        lengths = {len(self.labels), len(self.contents), len(self.hashes.usable)}
        if lengths != {len(self.ids)}:
            raise ValueError(f"{self.name} has {len(self.ids)} ids, and {sorted(lengths)} of other things")


def shared_photographs(
    a: Split,
    b: Split,
    *,
    near_duplicates: Pairs | None = None,
    ids_may_agree: bool = False,
    confirmed: Callable[[Leak], bool] = lambda leak: True,
) -> list[Leak]:
    """Find the photographs that stand in both splits, each pair once, by the surest sign that tells it.

    The signs are, in this order: equal files; equal pictures, mirrored or not; `near_duplicates`, places
    in `a` and `b` that somebody found by other means, for what hashes do not see, such as crops; equal ids.
    A pair of one id is no leak where `ids_may_agree`, whatever else agrees: a query that stands in the
    index never finds itself. `confirmed` is asked about each sign; where it says no, the next one decides.
    """
    found: dict[tuple[int, int], Leak] = {}
    for kind, pairs in _signs(a, b, near_duplicates):
        for first, second, value in zip(
            pairs.first.tolist(), pairs.second.tolist(), pairs.values.tolist(), strict=True
        ):
            leak = Leak(kind, a.name, a.ids[first], b.name, b.ids[second], value)
            if (first, second) in found or (ids_may_agree and leak.id_a == leak.id_b):
                continue
            if confirmed(leak):
                found[first, second] = leak
    return [leak for _, leak in sorted(found.items(), key=lambda entry: entry[0])]


def shared_classes(a: Split, b: Split) -> list[Leak]:
    """Find the labels that occur in both splits, sorted."""
    labels = sorted((set(a.labels) & set(b.labels)) - {""})
    return [Leak("shared class", a.name, label, b.name, label, 1.0) for label in labels]


def num_shared_ids(a: Split, b: Split) -> int:
    """Count the ids that both splits have."""
    return len(set(a.ids) & set(b.ids))


def _signs(a: Split, b: Split, near_duplicates: Pairs | None) -> Iterator[tuple[Kind, Pairs]]:
    yield "same file", _equal(a.contents, b.contents)
    for words in (b.hashes.words, b.hashes.mirrored):
        yield "same picture", _pictures(a.hashes, b.hashes, words)
    if near_duplicates is not None:
        yield "near-duplicate", near_duplicates
    yield "same id", _equal(a.ids, b.ids)


def _equal(first: Sequence[Value], second: Sequence[Value]) -> Pairs:
    """Pair equal values of two lists; an empty one equals nothing."""
    places: dict[Value, list[int]] = {}
    for place, value in enumerate(second):
        places.setdefault(value, []).append(place)
    found = [(row, place) for row, value in enumerate(first) if value for place in places.get(value, ())]
    rows, columns = np.array(found, np.int64).reshape(-1, 2).T
    return Pairs(rows, columns, np.ones(len(found)))


def _pictures(first: PictureHashes, second: PictureHashes, words: Words) -> Pairs:
    """Pair usable hashes of `first` with `words`, the hashes of `second` as they are or mirrored."""
    own, other = np.flatnonzero(first.usable), np.flatnonzero(second.usable)
    pairs = close_hashes(first.words[own], words[other], _MAX_BITS)
    return Pairs(own[pairs.first], other[pairs.second], 1.0 - pairs.values / NUM_BITS)
