"""How well the rankings cover queries and index: who got no answer, which image is never or always found."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from evaluate.arrays import BoolArray, FloatArray, IntArray, first_occurrences, ranked_rows

_HUB_RANKS = 10
_TIE_RANKS = (1, 5, 10)


@dataclass(frozen=True)
class Hubness:
    """How unevenly the images share the first 10 ranks; N(x) is the number of queries that rank x there.

    `skewness` is that of N over all images of the index (0: none, over 1: a few images stand in many
    answers), `largest` the largest N, `top_share` the share of all those places that the 1 % most frequent
    images take. All but `largest` need the size of the index and are None without it.
    Source: Radovanović et al., JMLR 2010, section 3.
    """

    skewness: float | None
    largest: int
    top_share: float | None


@dataclass(frozen=True)
class Coverage:
    """Counts over the first `depth` ranks of all queries.

    `unanswered` queries have no ranked image, `short` ones fewer than `depth`, `missed` ones no hit though
    the index holds a correct image; `without_relevant` have none to find. `unreached` images of the index
    stand in no ranking (None, as its share, where the size of the index is unknown). `ties` counts for rank
    k the queries whose score there equals that at k + 1, for each k that the rankings go beyond; None
    without scores. `repeated_entries` are ranks lost on images that stand higher up already, in
    `repeating` queries.
    """

    depth: int
    queries: int
    unanswered: int
    short: int
    missed: int
    without_relevant: int
    unreached: int | None
    unreached_share: float | None
    hubness: Hubness
    ties: dict[int, int] | None
    repeating: int
    repeated_entries: int

    def to_dict(self) -> dict[str, object]:
        """Give the counts as dicts and plain numbers, ready for JSON."""
        ties = None if self.ties is None else {str(rank): count for rank, count in self.ties.items()}
        return {**asdict(self), "ties": ties}


def coverage(
    rows: npt.NDArray[np.integer],
    hits: BoolArray,
    num_relevant: IntArray,
    *,
    depth: int = 100,
    scores: FloatArray | None = None,
    num_images: int | None = None,
) -> Coverage:
    """Count what the rankings `rows` (Q, K), best first and padded with -1, leave out or say twice.

    `hits` (Q, K) marks correct images, `num_relevant` (Q,) counts those of the index, `scores` (Q, K) are
    what ranked them, `num_images` is the size of the index.

    Raises:
        ValueError: shapes contradict each other, `depth` is below 1, or more images are ranked than exist.
    """
    table = ranked_rows(rows, len(num_relevant))
    if hits.shape != table.shape or (scores is not None and scores.shape != table.shape):
        raise ValueError(f"hits and scores must be {table.shape}, as the rankings are")
    if depth < 1:
        raise ValueError(f"depth must be 1 or more, got {depth}")
    ranked = table[:, :depth]
    answers = (ranked >= 0).sum(axis=1)
    first = first_occurrences(ranked) & (ranked >= 0)
    repeats = answers - first.sum(axis=1)
    reached = _num_distinct(ranked[first])
    if num_images is not None and reached > num_images:
        raise ValueError(f"{reached} images are ranked, more than the index holds ({num_images})")
    unreached = None if num_images is None else num_images - reached
    found = hits[:, :depth].any(axis=1)
    return Coverage(
        depth=depth,
        queries=len(table),
        unanswered=int((answers == 0).sum()),
        short=int((answers < depth).sum()),
        missed=int((~found & (num_relevant > 0)).sum()),
        without_relevant=int((num_relevant == 0).sum()),
        unreached=unreached,
        unreached_share=None if unreached is None or not num_images else unreached / num_images,
        hubness=_hubness(ranked[:, :_HUB_RANKS][first[:, :_HUB_RANKS]], num_images),
        ties=None if scores is None else _ties(table, scores, depth),
        repeating=int((repeats > 0).sum()),
        repeated_entries=int(repeats.sum()),
    )


def _num_distinct(places: IntArray) -> int:
    # np.unique looks each place up in a table, which for twelve million takes twenty times as long.
    ordered = np.sort(places)
    return int(np.count_nonzero(np.diff(ordered))) + bool(ordered.size)


def _hubness(places: IntArray, num_images: int | None) -> Hubness:
    """Describe the occurrences of images in `places` (N,), the first ranks of all queries without repeats."""
    occurrences = np.sort(np.unique(places, return_counts=True)[1])[::-1]
    largest = int(occurrences.max(initial=0))
    if num_images is None or not occurrences.size:
        return Hubness(None, largest, None)
    # Images that never occur are left implicit: an index may hold millions of them.
    absent = num_images - occurrences.size
    mean = occurrences.sum() / num_images
    off = occurrences - mean
    variance = (np.sum(off**2) + absent * mean**2) / num_images
    third = (np.sum(off**3) - absent * mean**3) / num_images
    # Where all images occur equally often none is a hub; rounding must not make one.
    skewness = float(third / variance**1.5) if variance > 1e-12 * mean**2 else 0.0
    frequent = occurrences[: max(1, -(-num_images // 100))]
    return Hubness(skewness, largest, float(frequent.sum() / occurrences.sum()))


def _ties(table: IntArray, scores: FloatArray, depth: int) -> dict[int, int]:
    """Count for each boundary within `depth` the queries with equal scores on both sides of it."""
    ranks = [rank for rank in sorted({*_TIE_RANKS, depth}) if rank <= depth and rank < table.shape[1]]
    return {
        rank: int(((scores[:, rank - 1] == scores[:, rank]) & (table[:, rank] >= 0)).sum()) for rank in ranks
    }
