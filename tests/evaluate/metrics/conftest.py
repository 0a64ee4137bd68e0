"""Random truths and rankings for the comparisons with other programs."""

import numpy as np
import pytest

from evaluate.truth import Truth

NUM_QUERIES, NUM_IMAGES = 40, 50


@pytest.fixture(scope="session")
def random_truth():
    """Forty queries, each with 1 to 30 of fifty images, in grades from 1 to 4."""
    rng = np.random.default_rng(5)
    relevant = tuple(
        np.sort(rng.choice(NUM_IMAGES, size, replace=False)) for size in rng.integers(1, 31, NUM_QUERIES)
    )
    return Truth(
        tuple(f"q{place:02d}" for place in range(NUM_QUERIES)),
        relevant,
        (np.empty(0, dtype=np.int64),) * NUM_QUERIES,
        ("",) * NUM_QUERIES,
        gains=tuple(rng.integers(1, 5, rows.size).astype(float) for rows in relevant),
        num_images=NUM_IMAGES,
    )


@pytest.fixture(scope="session")
def whole_rows():
    """All fifty images for each query, in random order."""
    return np.random.default_rng(6).permuted(np.tile(np.arange(NUM_IMAGES), (NUM_QUERIES, 1)), axis=1)


@pytest.fixture(scope="session")
def cut_rows(whole_rows):
    """Rankings of 1 to 30 images."""
    lengths = np.random.default_rng(7).integers(1, 31, (NUM_QUERIES, 1))
    return np.where(np.arange(30) < lengths, whole_rows[:, :30], -1)
