import cv2
import numpy as np
import pytest

from extract.features import Features, pack
from rerank.matching import mutual


def features_of(descriptors):
    count = len(descriptors)
    return Features(np.zeros((count, 4), np.float32), descriptors, np.zeros(count, np.float32))


def match(query, *candidates, ratio=1.0, threads=0):
    packed = pack([features_of(one) for one in candidates])
    return mutual.each_candidate(query, packed, ratio, lambda _, found: found, threads)


def pairs(found):
    return list(zip(found.query.tolist(), found.candidate.tolist(), strict=True))


def unit_bytes(rng, count, width=128):
    """Random directions as a store holds them."""
    values = rng.standard_normal((count, width))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return np.rint(128 + 127 * values).astype(np.uint8)


def near(rng, descriptors):
    """The same descriptors in another order, each a little off."""
    moved = descriptors.astype(np.int64) + rng.integers(-6, 7, descriptors.shape)
    return np.clip(moved[rng.permutation(len(moved))], 0, 255).astype(np.uint8)


def slowly(query, candidate, ratio):
    """Each pair by itself, in whole numbers."""
    squared = ((query.astype(np.int64)[:, None] - candidate.astype(np.int64)[None]) ** 2).sum(axis=2)
    found = []
    for row in range(len(query)):
        column = int(np.argmin(squared[row]))
        if int(np.argmin(squared[:, column])) != row:
            continue
        if ratio < 1:
            others = np.delete(squared[row], column)
            if not len(others) or not np.sqrt(squared[row, column]) < ratio * np.sqrt(others.min()):
                continue
        found.append((row, column))
    return found


@pytest.mark.parametrize("ratio", [1.0, 0.95, 0.7])
@pytest.mark.parametrize("counts", [(60, 80), (80, 60), (1, 50), (50, 1), (2, 2), (1, 1)])
def test_matches_are_those_of_brute_force(counts, ratio):
    for width in (64, 128):
        rng = np.random.default_rng(sum(counts) + width)
        query = unit_bytes(rng, counts[0], width)
        mixed = np.concatenate([near(rng, query[: counts[1] // 2]), unit_bytes(rng, counts[1], width)])
        candidate = mixed[: counts[1]]
        (found,) = match(query, candidate, ratio=ratio)
        assert pairs(found) == slowly(query, candidate, ratio)


def test_matches_are_those_of_bfmatcher_with_cross_check():
    rng = np.random.default_rng(3)
    query = unit_bytes(rng, 300)
    candidates = [near(rng, query), unit_bytes(rng, 200), near(rng, query[:120])]
    matcher = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True)
    for candidate, found in zip(candidates, match(query, *candidates), strict=True):
        expected = sorted((one.queryIdx, one.trainIdx) for one in matcher.match(query, candidate))
        assert len(expected) > 20
        assert pairs(found) == expected


def test_first_of_equally_near_ones_counts():
    rng = np.random.default_rng(4)
    one, other = unit_bytes(rng, 2)
    # query 0 and 1 are the same, and so are candidates 1 and 2
    (found,) = match(np.stack([one, one, other]), np.stack([other, one, one]))
    assert pairs(found) == [(0, 1), (2, 0)]
    assert slowly(np.stack([one, one, other]), np.stack([other, one, one]), 1.0) == pairs(found)


def test_ratio_is_the_nearest_distance_by_the_second():
    # distances from the query: 3, 4 and 12
    query = np.full((1, 64), 128, np.uint8)
    candidate = np.repeat(query, 3, axis=0)
    candidate[[0, 1, 2], [0, 1, 2]] += np.uint8([12, 3, 4])
    (found,) = match(query, candidate)
    assert pairs(found) == [(0, 1)]
    assert found.ratios.tolist() == [0.75]
    assert pairs(match(query, candidate, ratio=0.76)[0]) == [(0, 1)]
    assert pairs(match(query, candidate, ratio=0.75)[0]) == []


def test_farthest_bytes_are_still_exact():
    # all 0 and all 255 differ by 255 in each of 128 places
    query, candidate = np.zeros((1, 128), np.uint8), np.full((2, 128), 255, np.uint8)
    candidate[1, 0] = 254
    (found,) = match(query, candidate)
    assert pairs(found) == [(0, 1)]


@pytest.mark.parametrize(("in_query", "in_candidate"), [(0, 5), (5, 0), (0, 0)])
@pytest.mark.filterwarnings("error")
def test_nothing_to_match_is_no_match(in_query, in_candidate):
    rng = np.random.default_rng(5)
    (found,) = match(unit_bytes(rng, in_query), unit_bytes(rng, in_candidate))
    assert pairs(found) == []


@pytest.mark.filterwarnings("error")
def test_equal_descriptors_pass_no_ratio_test():
    one = unit_bytes(np.random.default_rng(6), 1)
    assert pairs(match(one, np.repeat(one, 2, axis=0), ratio=0.99)[0]) == []
    assert pairs(match(one, np.repeat(one, 2, axis=0))[0]) == [(0, 0)]


def test_threads_change_nothing():
    rng = np.random.default_rng(7)
    query = unit_bytes(rng, 100)
    candidates = [near(rng, query) for _ in range(9)]
    one, many = (match(query, *candidates, threads=threads) for threads in (1, 4))
    for left, right in zip(one, many, strict=True):
        assert [values.tobytes() for values in left] == [values.tobytes() for values in right]
