"""Coverage: by hand, hubness equal to scipy's skewness, and nothing depends on the order of queries."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.coverage import coverage

# Image 0 is right for each query; the last query has nothing to find.
ROWS = np.array([[0, 1, 2], [1, 1, 0], [2, 3, -1], [-1, -1, -1], [1, -1, -1]])
HITS = ROWS == 0
RELEVANT = np.array([1, 1, 1, 1, 0])
NAN = np.nan


def test_counts_by_hand():
    found = coverage(ROWS, HITS, RELEVANT, depth=3, num_images=8)
    assert (found.queries, found.depth) == (5, 3)
    assert found.unanswered == 1
    # The third has two answers, the fourth none, the last one.
    assert found.short == 3
    # The third found nothing, the fourth answered nothing; the last had nothing to find.
    assert (found.missed, found.without_relevant) == (2, 1)
    # Images 0 to 3 are reached, 4 to 7 are not.
    assert (found.unreached, found.unreached_share) == (4, 0.5)
    # The second query has image 1 twice.
    assert (found.repeating, found.repeated_entries) == (1, 1)


def test_depth_cuts_the_rankings():
    found = coverage(ROWS, HITS, RELEVANT, depth=1, num_images=8)
    # First places are 0, 1, 2 and 1: only the first query has its hit, three images are reached.
    assert (found.missed, found.short, found.unreached, found.repeating) == (3, 1, 5, 0)


def test_what_needs_the_size_of_the_index_is_none_without_it():
    found = coverage(ROWS, HITS, RELEVANT)
    assert (found.unreached, found.unreached_share) == (None, None)
    assert (found.hubness.skewness, found.hubness.top_share, found.hubness.largest) == (None, None, 3)
    assert found.ties is None


def test_hubness_by_hand():
    found = coverage(ROWS, HITS, RELEVANT, num_images=4).hubness
    # N = 2, 3, 2, 1, a repeat counts once: the mean is 2, deviations 0, 1, 0, -1, so there is no skew.
    assert found.skewness == pytest.approx(0.0)
    assert found.largest == 3
    # One per cent of four images is one image, and it takes three of the eight places.
    assert found.top_share == 3 / 8


def test_one_hub_skews():
    rows = np.zeros((6, 1), np.int64)
    found = coverage(rows, rows == 0, np.ones(6, np.int64), num_images=3).hubness
    # N = 6, 0, 0: mean 2, deviations 4, -2, -2; third moment 48 / 3, variance 24 / 3.
    assert found.skewness == pytest.approx(16 / 8**1.5)
    assert (found.largest, found.top_share) == (6, 1.0)


def test_images_that_occur_equally_often_have_no_skew():
    rows = np.arange(10).reshape(10, 1)
    assert coverage(rows, rows < 0, np.ones(10, np.int64), num_images=10).hubness.skewness == 0.0


def test_hubs_are_counted_in_the_first_ten_ranks():
    rows = np.arange(20).reshape(1, 20)
    found = coverage(rows, rows < 0, np.ones(1, np.int64), num_images=20).hubness
    # Ten images once, ten never.
    assert found.largest == 1
    assert found.top_share == 1 / 10


def test_ties_by_hand():
    scores = np.array([[3.0, 3.0, 1.0], [5.0, 4.0, 4.0], [2.0, 2.0, NAN], [NAN] * 3, [1.0, NAN, NAN]])
    found = coverage(ROWS, HITS, RELEVANT, depth=2, scores=scores)
    # Ranks 1 and 2 are equal for the first and third query, ranks 2 and 3 for the second.
    assert found.ties == {1: 2, 2: 1}


def test_padding_ties_with_nothing():
    rows = np.array([[4, -1, -1]])
    assert coverage(rows, rows < -1, np.array([1]), scores=np.zeros((1, 3))).ties == {1: 0}


def test_a_boundary_that_the_rankings_do_not_go_beyond_is_left_out():
    rows = np.arange(10).reshape(1, 10)
    assert coverage(rows, rows < 0, np.array([1]), scores=np.zeros((1, 10))).ties == {1: 1, 5: 1}


def test_rankings_without_a_single_rank():
    rows = np.zeros((2, 0), np.int64)
    found = coverage(rows, rows == 0, np.array([1, 1]), scores=np.zeros((2, 0)), num_images=3)
    assert (found.unanswered, found.short, found.missed, found.unreached) == (2, 2, 2, 3)
    assert (found.hubness.largest, found.hubness.skewness, found.ties) == (0, None, {})


def test_to_dict_is_plain():
    scores = -np.arange(15.0).reshape(5, 3)
    plain = coverage(ROWS, HITS, RELEVANT, scores=scores, num_images=8).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["ties"] == {"1": 0}
    assert set(plain["hubness"]) == {"skewness", "largest", "top_share"}


RANKINGS = st.integers(1, 12).flatmap(
    lambda width: st.lists(st.lists(st.integers(-1, 15), min_size=width, max_size=width), min_size=1)
)


def outcome(ranked):
    # Padding stands behind the answers.
    rows = np.array([[row for row in line if row >= 0] + [-1] * line.count(-1) for line in ranked])
    return rows, rows % 5 == 0, (rows[:, 0] % 3).clip(0)


@given(RANKINGS, st.integers(1, 12), st.randoms())
def test_the_order_of_queries_does_not_matter(ranked, depth, random):
    rows, hits, relevant = outcome(ranked)
    scores = np.where(rows >= 0, (7 - rows % 7).astype(float), NAN)
    order = random.sample(range(len(rows)), len(rows))
    options = {"depth": depth, "num_images": 16}
    assert coverage(rows, hits, relevant, scores=scores, **options) == coverage(
        rows[order], hits[order], relevant[order], scores=scores[order], **options
    )


@given(RANKINGS)
def test_hubness_and_repeats_equal_a_slow_count(ranked):
    from scipy.stats import skew

    rows, hits, relevant = outcome(ranked)
    found = coverage(rows, hits, relevant, num_images=150)
    lists = [[row for row in line if row >= 0] for line in rows.tolist()]
    counts = Counter(row for line in lists for row in set(line[:10]))
    # A repeat within the first ten ranks counts once; one across the boundary has its first rank within.
    occurrences = sorted((counts[image] for image in range(150)), reverse=True)
    assert found.hubness.largest == occurrences[0]
    if any(occurrences):
        assert found.hubness.skewness == pytest.approx(skew(occurrences))
        # Two of 150 images are the most frequent 1 %, rounded up.
        assert found.hubness.top_share == pytest.approx(sum(occurrences[:2]) / sum(occurrences))
    assert found.repeated_entries == sum(len(line) - len(set(line)) for line in lists)
    assert found.unreached == 150 - len({row for line in lists for row in line})


def test_more_images_than_the_index_holds_are_refused():
    with pytest.raises(ValueError, match="4 images are ranked"):
        coverage(ROWS, HITS, RELEVANT, num_images=3)


@pytest.mark.parametrize(
    ("hits", "options", "said"),
    [
        (HITS[:, :2], {}, "must be"),
        (HITS, {"scores": np.zeros((5, 2))}, "must be"),
        (HITS, {"depth": 0}, "depth"),
    ],
)
def test_shapes_and_depths_that_cannot_be_are_refused(hits, options, said):
    with pytest.raises(ValueError, match=said):
        coverage(ROWS, hits, RELEVANT, **options)
