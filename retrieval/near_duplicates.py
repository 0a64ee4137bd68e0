"""Near-duplicates of two lists of photographs: candidates by global vectors, proof by pixels."""

from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from evaluate.near_duplicates import Pairs, close_vectors, strongest
from extract.errors import PhotoError
from extract.photos import Photos
from rerank.matching.threads import shared_out
from retrieval import same_shot
from retrieval.same_shot import Shot

# Cosines under the recipe `default`. Crops to half of the picture have one of 0.65 or more with the whole (80
# training photographs, the median 0.83), and so have many photographs of one place: the pixels decide.
_MIN_COSINE = 0.65
_CANDIDATES = 5
# At most 0.4 MB each.
_SHOTS_KEPT = 512


def find(
    first: Photos, first_vectors: NDArray[np.float32], second: Photos, second_vectors: NDArray[np.float32]
) -> Pairs:
    """Pair the photographs that are one shot, mirrored or not; the value is the correlation of pixels.

    Vectors, (N, D) and (M, D), are of length one, zero for a photograph without. Looked at are the five
    nearest photographs of each of `first`; one that cannot be read any more is no near-duplicate.
    """
    near = strongest(close_vectors(first_vectors, second_vectors, _MIN_COSINE), _CANDIDATES)
    shot_of = lru_cache(_SHOTS_KEPT)(_read)

    def compare(group: tuple[int, list[int]]) -> list[float]:
        own, others = group
        shot = _read(first.paths[own])
        if shot is None:
            return [0.0] * len(others)
        both = (shot, shot.mirrored())
        found = [shot_of(second.paths[other]) for other in others]
        return [
            max(same_shot.correlation(one, other) for one in both) if other is not None else 0.0
            for other in found
        ]

    places = zip(near.first.tolist(), near.second.tolist(), strict=True)
    groups = [
        (own, [other for _, other in group]) for own, group in groupby(places, key=lambda pair: pair[0])
    ]
    values = np.array([value for values in shared_out(compare, groups) for value in values], np.float64)
    same = values >= same_shot.SAME
    return Pairs(near.first[same], near.second[same], values[same])


def is_one_shot(first: str, second: str) -> bool:
    """Compare the pixels of two photographs, as they are and mirrored; one that cannot be read is none."""
    shot, other = _read(first), _read(second)
    if shot is None or other is None:
        return False
    return any(same_shot.correlation(one, other) >= same_shot.SAME for one in (shot, shot.mirrored()))


def _read(path: str) -> Shot | None:
    try:
        return same_shot.read(path)
    except PhotoError:
        return None
