"""Batches of some classes with as many photographs of each, so that all have positives and negatives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from extract.errors import ConfigError
from train.errors import TrainingError
from train.samplers.random import IntArray


@dataclass(frozen=True)
class Config:
    """How many photographs of a class are in a batch."""

    per_class: int = 4

    def __post_init__(self) -> None:
        if self.per_class < 2:
            raise ConfigError(f"sampler.per_class must be at least 2, got {self.per_class}")


def build(config: Config) -> Callable[[IntArray, int, np.random.Generator], IntArray]:
    """Give the function from label numbers (N,), a batch size and a generator to places (steps, batch_size).

    See `order`.
    """

    def drawn(labels: IntArray, batch_size: int, rng: np.random.Generator) -> IntArray:
        return order(labels, batch_size, rng, config.per_class)

    return drawn


def order(labels: IntArray, batch_size: int, rng: np.random.Generator, per_class: int) -> IntArray:
    """Draw an epoch: each batch has `batch_size // per_class` different classes, `per_class` places of each.

    A class is cut into groups of `per_class` photographs, the last filled up with some of it again in
    another view (place p + N r is the r-th view more of photograph p). An epoch has as many steps as all
    groups fill with different classes; of a class with more groups than steps, other photographs are
    drawn in each epoch. In classes of like size all photographs are shown but for less than a batch.

    Raises:
        TrainingError: the batch size is no multiple of `per_class`, or there are too few classes.
    """
    num_classes, left = divmod(batch_size, per_class)
    if left:
        raise TrainingError(
            f"batch_size must be a multiple of sampler.per_class ({per_class}), got {batch_size}; "
            "change one of the two"
        )
    groups = [_grouped(places, len(labels), per_class) for places in _shuffled_classes(labels, rng)]
    if len(groups) < num_classes:
        raise TrainingError(
            f"a batch of {batch_size} with {per_class} photos a class needs {num_classes} classes, and "
            f"there are {len(groups)}; set batch_size to {len(groups) * per_class} or lower"
        )
    sizes = np.array([len(one) for one in groups])
    steps = _num_steps(sizes, num_classes)
    sizes = np.minimum(sizes, steps)
    # Fewer are too many than there are classes in a batch, or there would be one more step.
    too_many = int(sizes.sum()) - steps * num_classes
    sizes[rng.choice(len(groups), too_many, replace=False)] -= 1
    kept = np.concatenate([one[:size] for one, size in zip(groups, sizes, strict=True)])
    return kept[_spread(sizes, steps, num_classes, rng)].reshape(steps, batch_size)


def _shuffled_classes(labels: IntArray, rng: np.random.Generator) -> list[IntArray]:
    """Give the places of each class, both the classes and their places in an order drawn anew."""
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    classes = np.split(by_class, np.cumsum(counts[counts > 0])[:-1])
    return [classes[number] for number in rng.permutation(len(classes))]


def _grouped(places: IntArray, num_places: int, per_class: int) -> IntArray:
    """Cut the places of a class into groups (G, per_class); what is shown again is another view."""
    num_groups = -(-len(places) // per_class)
    numbers = np.arange(num_groups * per_class)
    grouped = places[numbers % len(places)] + num_places * (numbers // len(places))
    return grouped.reshape(num_groups, per_class)


def _num_steps(sizes: IntArray, num_classes: int) -> int:
    """Find the most batches that classes with so many groups can fill with `num_classes` different ones each.

    A class stands in a batch once at most, so `steps` of them can be filled if the classes have as many
    groups, those beyond `steps` of one class not counted. Source: the condition of Gale and Ryser (1957).
    """
    low, high = 1, int(sizes.sum()) // num_classes
    while low < high:
        steps = (low + high + 1) // 2
        if np.minimum(sizes, steps).sum() >= steps * num_classes:
            low = steps
        else:
            high = steps - 1
    return low


def _spread(sizes: IntArray, steps: int, num_classes: int, rng: np.random.Generator) -> IntArray:
    """Deal groups, which lie class by class, to batches (steps, num_classes), no class twice to one batch.

    They are dealt in rounds of one a batch. No class has more than `steps`, so it is in two rounds at most:
    the second time it goes to batches that it has not been to. All else is drawn.
    """
    class_of = np.repeat(np.arange(len(sizes)), sizes)
    dealt = np.empty((num_classes, steps), np.int64)
    for number in range(num_classes):
        positions = np.arange(number * steps, (number + 1) * steps)
        before = class_of[positions[0] - 1] if number else -1
        met = class_of[dealt[number - 1]] == before if number else np.zeros(steps, np.bool_)
        begun = int((class_of[positions] == before).sum())
        first = rng.permutation(np.flatnonzero(~met))[:begun]
        others = np.setdiff1d(np.arange(steps), first)
        dealt[number, np.concatenate([first, rng.permutation(others)])] = positions
    return dealt.T
