"""How often bootstrap intervals hold the true mean, over simulated sets of queries: the table of the docs.

Run: python scripts/simulate_intervals.py [--quick]
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np

from evaluate.arrays import BoolArray, FloatArray
from evaluate.bootstrap import mean_intervals
from evaluate.intervals import Kind

SIZES = (50, 91, 300)
# A batch of sets meets the same resamples, which ties them to each other; there are as many batches.
BATCHES = 20


@dataclass(frozen=True)
class Population:
    """A law of values for queries, `draw` (generator, shape), and its mean."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, int]], FloatArray]
    mean: float


def average_precisions(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Draw those of a good system: a third of them 1, some 0, Beta(2, 1) between."""
    kinds = rng.random(shape)
    return np.where(kinds < 0.35, 1.0, np.where(kinds < 0.5, 0.0, rng.beta(2, 1, shape)))


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Draw those of a hard set: six in ten are 0, the others small but for a few."""
    return np.where(rng.random(shape) < 0.6, 0.0, rng.beta(0.5, 3, shape))


def differences(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Draw differences of two systems: six in ten queries stay as they are, more of the others gain."""
    changes = rng.beta(1, 4, shape) * np.where(rng.random(shape) < 0.6, 1.0, -1.0)
    return np.where(rng.random(shape) < 0.6, 0.0, changes)


# The mean of Beta(a, b) is a / (a + b).
POPULATIONS = (
    Population("average precisions", average_precisions, 0.35 + 0.5 * 2 / 3),
    Population("heavily skewed", skewed, 0.4 * 0.5 / 3.5),
    Population("paired differences, 60 % of them zero", differences, 0.4 * (0.6 - 0.4) * 1 / 5),
)


def held(population: Population, num_queries: int, kind: Kind, sets: int, resamples: int) -> BoolArray:
    """Tell for each of `sets` sets of queries whether its 95 % interval holds the true mean."""
    rng = np.random.default_rng(num_queries)
    found = []
    for seed in range(BATCHES):
        values = population.draw(rng, (sets // BATCHES, num_queries))
        low, high = mean_intervals(values, kind=kind, rng=seed, resamples=resamples).T
        found.append((low <= population.mean) & (population.mean <= high))
    return np.concatenate(found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 sets and resamples, not 6,000 and 2,000")
    sets, resamples = (1000, 1000) if parser.parse_args().quick else (6000, 2000)
    kinds: tuple[Kind, ...] = get_args(Kind)
    sizes = " / ".join(map(str, SIZES))
    print(f"{sets:,} sets of {sizes} queries, {resamples:,} resamples; an interval held the true mean in %")
    print(f"| population | {' | '.join(kinds)} |\n|---|{'---|' * len(kinds)}")
    for population in POPULATIONS:
        cells = [
            " / ".join(f"{held(population, size, kind, sets, resamples).mean():.1%}"[:-1] for size in SIZES)
            for kind in kinds
        ]
        print(f"| {population.name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
