"""Hold whole classes back from training, to judge on places that the network has not seen."""

import logging
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from extract.photos import Photos
from train.errors import TrainingError

logger = logging.getLogger(__name__)

_COLUMN = "split"
_USES = ("train", "validation", "test")
# With one class held back every answer is right, and with one left to train on nothing can be learnt.
_LEAST_CLASSES = 2


@dataclass(frozen=True, eq=False)
class Split:
    """Photographs to train on and to validate on; `classes` are the labels of `train` in order of number.

    Without labels each photograph of `train` is a class of its own, named by its id.
    """

    train: Photos
    validation: Photos
    classes: tuple[str, ...]
    labelled: bool = True

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """Label numbers (N,) of `train`."""
        number_of = {name: number for number, name in enumerate(self.classes)}
        names = self.train.labels if self.labelled else self.train.ids
        return np.array([number_of[name] for name in names], np.int64)

    @property
    def class_sizes(self) -> tuple[int, ...]:
        """Photographs of each class of `train`."""
        return tuple(np.bincount(self.labels, minlength=len(self.classes)).tolist())


def hold_back(photos: Photos, share: float, seed: int, *, labels: bool = True) -> Split:
    """Hold `share` of the classes back for validation, at least two, drawn by `seed`.

    Where the photographs have a column `split` (train, validation, test), what it says is done instead, and
    those of test are left out; without a single one for validation, classes of train are held back. Only
    classes with two photographs or more are drawn: one alone finds nothing. Where too few are left to
    train on, none is held back, which is logged. With `labels` false labels serve validation alone.

    Raises:
        TrainingError: there are fewer than two classes to train on, or `split` says something else.
    """
    uses = [_use(photos, row) for row in range(len(photos))]
    train = photos.select([row for row, use in enumerate(uses) if use == "train"])
    validation = photos.select(
        [row for row, use in enumerate(uses) if use == "validation" and photos.labels[row]]
    )
    if len(validation):
        shared = set(train.labels) & set(validation.labels)
        logger.info(
            "%d photos of %d classes are for validation by the column split; %d of these classes are "
            "trained on too",
            len(validation), len(set(validation.labels)), len(shared),
        )  # fmt: skip
    else:
        held = _held_classes(train, share, seed, labels)
        validation = train.select([row for row, label in enumerate(train.labels) if label in held])
        train = train.select([row for row, label in enumerate(train.labels) if label not in held])
    return Split(train, validation, _classes(train, labels), labels)


def _use(photos: Photos, row: int) -> str:
    use = photos.metadata[row].get(_COLUMN, "").strip().lower() or "train"
    if use not in _USES:
        raise TrainingError(
            f"photo {photos.ids[row]!r} has {use!r} in the column split; write train, validation or test"
        )
    return use


def _held_classes(train: Photos, share: float, seed: int, labels: bool) -> frozenset[str]:
    counts = Counter(label for label in train.labels if label)
    if not share or len(counts) < _LEAST_CLASSES:
        return frozenset()
    askable = sorted(label for label, count in counts.items() if count > 1)
    wanted = max(_LEAST_CLASSES, round(share * len(counts)))
    left = len(counts) - wanted if labels else len(train) - wanted
    if len(askable) < wanted or left < _LEAST_CLASSES:
        logger.warning(
            "%d classes, %d of them with two photos or more, are too few to hold any back for validation",
            len(counts), len(askable),
        )  # fmt: skip
        return frozenset()
    drawn = np.random.default_rng(seed).choice(len(askable), wanted, replace=False)
    return frozenset(askable[place] for place in drawn)


def _classes(train: Photos, labels: bool) -> tuple[str, ...]:
    if not labels:
        if len(train) < _LEAST_CLASSES:
            raise TrainingError(f"training needs at least two photos, got {len(train)}; give more")
        return train.ids
    counts = Counter(train.labels)
    if len(counts) < _LEAST_CLASSES:
        raise TrainingError(
            f"training needs photos of at least two classes, got {len(counts)}"
            f"{f' ({next(iter(counts))!r})' if counts else ''}; give photos of more"
        )
    alone = [label for label, count in counts.items() if count == 1]
    if alone:
        logger.warning("%d classes have one photo, first %r, and so no positive pair", len(alone), alone[0])
    return tuple(sorted(counts))
