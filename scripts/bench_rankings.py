"""Rankings and their truth made from a seed, with ids like those of Google Landmarks."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
# Times this odd number, modulo 2**64, distinct numbers stay distinct and look like the ids of GLDv2.
_SCATTER = 0x9E3779B97F4A7C15


@dataclass(frozen=True, eq=False)
class Made:
    """Rankings `rows` (Q, K) of N images without repeats, and who is correct.

    Landmarks own stretches of images: l has the rows from `starts[l]` to `starts[l + 1]`, of (L + 1,), and
    query q shows the landmark `landmarks[q]`, of (Q,). `hits` (Q, K) marks what is correct.
    """

    starts: IntArray
    landmarks: IntArray
    rows: IntArray
    hits: BoolArray

    @property
    def num_relevant(self) -> IntArray:
        """How many images are correct for each query, (Q,)."""
        return np.diff(self.starts)[self.landmarks]

    @cached_property
    def image_ids(self) -> list[str]:
        """The id of each row, 16 hexadecimal digits."""
        return [_id(row) for row in range(self.starts[-1])]

    @cached_property
    def query_ids(self) -> list[str]:
        """The id of each query."""
        return [_id(int(self.starts[-1]) + query) for query in range(self.landmarks.size)]

    @cached_property
    def image_labels(self) -> list[str]:
        """The label of each row."""
        return [str(name) for name in np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))]

    @cached_property
    def query_labels(self) -> list[str]:
        """The label of each query."""
        return [str(name) for name in self.landmarks]

    def ranked_ids(self, query: int) -> list[str]:
        """Name the images of a ranking, best first."""
        return [self.image_ids[row] for row in self.rows[query].tolist()]

    def relevant_ids(self, query: int) -> list[str]:
        """Name the images that are correct for a query."""
        landmark = self.landmarks[query]
        return self.image_ids[self.starts[landmark] : self.starts[landmark + 1]]

    def write(self, solution: Path, submission: Path) -> None:
        """Write the two files of GLDv2 retrieval; a third of the queries is public."""
        with solution.open("w") as truth, submission.open("w") as ranked:
            truth.write("id,images,Usage\n")
            ranked.write("id,images\n")
            for query, name in enumerate(self.query_ids):
                usage = "Private" if query % 3 else "Public"
                truth.write(f"{name},{' '.join(self.relevant_ids(query))},{usage}\n")
                ranked.write(f"{name},{' '.join(self.ranked_ids(query))}\n")


def make(num_queries: int, num_images: int, num_landmarks: int, *, seed: int, num_ranks: int = 100) -> Made:
    """Make rankings of mixed quality: some queries find nothing, some nearly all."""
    rng = np.random.default_rng(seed)
    inner = np.sort(rng.choice(num_images - 1, num_landmarks - 1, replace=False) + 1)
    starts = np.concatenate([[0], inner, [num_images]])
    landmarks = rng.integers(0, num_landmarks, num_queries)
    first, sizes = starts[landmarks, None], np.diff(starts)[landmarks, None]
    # A hit is rarer further down, and there are no more of them than images to find.
    chances = rng.random((num_queries, 1)) ** 2 * np.linspace(1, 0.1, num_ranks)
    hits = rng.random((num_queries, num_ranks)) < chances
    found = np.cumsum(hits, axis=1)
    hits &= found <= sizes
    ranks = np.arange(num_ranks)
    right = first + (found + rng.integers(0, sizes)) % sizes
    # Steps of one length around all other images: none comes twice within a ranking.
    others = num_images - sizes
    walk = rng.integers(0, others) + ranks * rng.integers(1, others // num_ranks)
    wrong = (first + sizes + walk % others) % num_images
    return Made(starts, landmarks, np.where(hits, right, wrong), hits)


def _id(number: int) -> str:
    return f"{(number + 1) * _SCATTER % 2**64:016x}"
