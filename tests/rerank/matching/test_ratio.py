import threading

import cv2
import numpy as np
import pytest

from extract.features import Features, pack
from rerank.matching.ratio import each_candidate


def features_of(descriptors):
    count = len(descriptors)
    return Features(np.zeros((count, 4), np.float32), descriptors, np.zeros(count, np.float32))


def bytes_of(seed, count, width=128, highest=256):
    return np.random.default_rng(seed).integers(0, highest, (count, width), np.uint8)


def match(query, candidates, ratio=0.8, threads=1):
    packed = pack([features_of(one) for one in candidates])
    return each_candidate(query, packed, ratio, lambda _, found: found, threads)


def slow_matches(query, candidate, ratio):
    """Lowe's test in whole numbers, one pair at a time: (query, candidate, squared distances)."""
    found = []
    for place, descriptor in enumerate(query.astype(np.int64)):
        squared = ((candidate.astype(np.int64) - descriptor) ** 2).sum(axis=1)
        nearest = int(squared.argmin())
        first, second = squared[nearest], np.delete(squared, nearest).min()
        if first < np.float32(ratio * ratio) * np.float32(second):
            found.append((place, nearest, first, second))
    return found


@pytest.mark.parametrize("ratio", [0.7, 0.8, 0.95, 1.0])
def test_equals_a_plain_loop_over_all_pairs(ratio):
    candidate = bytes_of(1, 90)
    noise = np.random.default_rng(2).integers(-60, 60, (90, 128))
    near = np.clip(candidate + noise, 0, 255).astype(np.uint8)
    query = np.concatenate([near[::2], bytes_of(3, 40)])
    (found,) = match(query, [candidate], ratio)
    expected = slow_matches(query, candidate, ratio)
    assert len(expected) >= 40
    assert found.query.tolist() == [one[0] for one in expected]
    assert found.candidate.tolist() == [one[1] for one in expected]
    ratios = [np.sqrt(first / second) for _, _, first, second in expected]
    np.testing.assert_allclose(found.ratios, ratios, rtol=1e-6)


def test_longest_possible_vectors_are_matched_exactly():
    # every sum of products stays below 2**24, even where all entries are 255
    candidate = np.full((3, 128), 255, np.uint8)
    candidate[1, 0], candidate[2, :2] = 254, 253
    query = np.full((1, 128), 255, np.uint8)
    query[0, 0] = 254
    # squared distances 1, 0 and 1 + 4 = 5
    (found,) = match(query, [candidate])
    assert (found.query.tolist(), found.candidate.tolist(), found.ratios.tolist()) == ([0], [1], [0])


def test_real_sift_gives_what_bfmatcher_gives(scene, second_view, describe):
    picture = scene("astronaut")
    query, candidate = describe(second_view(picture, 1)).descriptors, describe(picture).descriptors
    (found,) = match(query, [candidate], 0.8)
    expected = {}
    for first, second in cv2.BFMatcher(cv2.NORM_L2).knnMatch(query, candidate, k=2):
        # what lies within a millionth of the threshold may fall either way
        assert abs(first.distance - 0.8 * second.distance) > 1e-6 * second.distance
        if first.distance < 0.8 * second.distance:
            expected[first.queryIdx] = first.trainIdx
    assert len(expected) >= 30
    assert dict(zip(found.query.tolist(), found.candidate.tolist(), strict=True)) == expected


def test_photograph_matches_itself_wherever_a_descriptor_is_unique(scene, describe):
    descriptors = describe(scene("coffee")).descriptors
    (found,) = match(descriptors, [descriptors])
    _, counts = np.unique(descriptors, axis=0, return_counts=True)
    assert len(found.query) == (counts == 1).sum()
    np.testing.assert_array_equal(found.query, found.candidate)
    assert not found.ratios.any()


@pytest.mark.filterwarnings("error")
def test_descriptor_that_the_candidate_has_twice_is_no_match():
    query = bytes_of(0, 1)
    assert len(match(query, [np.concatenate([query, query, bytes_of(1, 5)])])[0].query) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ratio", [0.7, 1.0])
def test_identical_descriptors_throughout_match_nothing(ratio):
    same = np.full((6, 128), 40, np.uint8)
    assert len(match(same, [same], ratio)[0].query) == 0
    assert len(match(np.zeros_like(same), [np.zeros_like(same)], ratio)[0].query) == 0


@pytest.mark.filterwarnings("error")
def test_several_query_descriptors_may_match_one_of_the_candidate():
    candidate = bytes_of(1, 10)
    (found,) = match(np.repeat(candidate[4:5], 3, axis=0), [candidate])
    assert (found.query.tolist(), found.candidate.tolist()) == ([0, 1, 2], [4, 4, 4])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (5, 1), (0, 0), (0, 1)])
def test_too_few_descriptors_on_either_side_are_no_match(sizes):
    query, candidate = bytes_of(0, sizes[0]), bytes_of(0, sizes[1])
    (found,) = match(query, [candidate])
    assert [len(values) for values in found] == [0, 0, 0]
    assert [values.dtype for values in found] == [np.int64, np.int64, np.float32]


def test_single_query_descriptor_is_matched():
    candidate = bytes_of(0, 7)
    assert match(candidate[3:4], [candidate])[0].candidate.tolist() == [3]


def test_candidate_does_not_see_the_descriptors_of_its_neighbours():
    candidates = [bytes_of(1, 40), bytes_of(2, 0), bytes_of(3, 1), bytes_of(4, 25)]
    query = np.concatenate([candidates[0][:9], candidates[2], candidates[3][:4]])
    together = match(query, candidates)
    assert [len(found.query) for found in together] == [9, 0, 0, 4]
    for candidate, found in zip(candidates, together, strict=True):
        for values, alone in zip(found, match(query, [candidate])[0], strict=True):
            np.testing.assert_array_equal(values, alone)


def test_number_of_threads_does_not_change_a_byte():
    candidates = [bytes_of(seed, 20 + seed % 30, highest=30) for seed in range(40)]
    query = np.concatenate([one[:3] for one in candidates])
    results = [match(query, candidates, 0.9, threads) for threads in (1, 2, 4, 0)]
    assert sum(len(found.query) for found in results[0]) >= 100
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert [values.tobytes() for values in one] == [values.tobytes() for values in two]


def test_visits_come_back_in_the_order_of_candidates_whichever_ends_first():
    done = threading.Event()

    def visit(place, found):
        if place == 0:
            done.wait(10)
        done.set()
        return place

    packed = pack([features_of(bytes_of(seed, 5)) for seed in range(6)])
    assert each_candidate(bytes_of(9, 5), packed, 0.8, visit, threads=3) == list(range(6))


def test_error_in_a_visit_reaches_the_caller():
    def visit(place, found):
        raise KeyError(place)

    with pytest.raises(KeyError):
        each_candidate(bytes_of(9, 5), pack([features_of(bytes_of(1, 5))]), 0.8, visit, threads=2)
