"""Revisited Oxford and Paris against the loop of the published program, on made-up and on real truths."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.outcome import Outcome
from evaluate.truth import Truth

GROUND_TRUTHS = Path(__file__).parents[4] / "shared" / "data" / "revisitop"
SUBSETS = ("easy", "medium", "hard")
KS = (1, 5, 10)
METRICS = {
    name: metrics.parse(name)
    for subset in SUBSETS
    for name in (f"roxford-{subset}", *(f"roxford-{subset}-mp@{k}" for k in KS))
}


def truth_of(gnd, num_images):
    relevant = [sorted([*one["easy"], *one["hard"]]) for one in gnd]
    return Truth(
        tuple(f"q{place}" for place in range(len(gnd))),
        tuple(np.array(rows, dtype=np.int64) for rows in relevant),
        tuple(np.array(sorted(one["junk"]), dtype=np.int64) for one in gnd),
        ("",) * len(gnd),
        easy=tuple(np.array(sorted(one["easy"]), dtype=np.int64) for one in gnd),
        closes_up=True,
        num_images=num_images,
    )


def outcome_of(gnd, rows, num_images=1000):
    return Outcome.from_rows(truth_of(gnd, num_images), np.asarray(rows, dtype=np.int64))


def scores(name, gnd, rows):
    return metrics.parse(name).per_query(outcome_of(gnd, rows))


def sets_of(one, subset):
    """What is correct and what leaves the ranking."""
    return {
        "easy": (one["easy"], [*one["junk"], *one["hard"]]),
        "medium": ([*one["easy"], *one["hard"]], one["junk"]),
        "hard": (one["hard"], [*one["junk"], *one["easy"]]),
    }[subset]


def ranks_of(one, subset, ranking):
    """Walk through a ranking as the published program does: ranks of correct images without what leaves."""
    correct, left_out = (set(rows) for rows in sets_of(one, subset))
    ranks, num_left_out = [], 0
    for place, row in enumerate(ranking):
        if row in left_out:
            num_left_out += 1
        elif row in correct:
            ranks.append(place - num_left_out)
    return ranks


def published_average_precision(ranks, num_correct):
    if num_correct == 0:
        return float("nan")
    area = 0.0
    for found, rank in enumerate(ranks):
        before = found / rank if rank else 1.0
        area += (before + (found + 1) / (rank + 1)) / 2 / num_correct
    return area


def published_precision(ranks, k):
    if not ranks:
        return float("nan")
    length = min(max(rank + 1 for rank in ranks), k)
    return sum(rank + 1 <= length for rank in ranks) / length


def completed(one, ranking, num_images):
    """Put behind a ranking what it lacks, correct images last: the published mP@k wants all of them."""
    correct = {*one["easy"], *one["hard"]}
    absent = set(range(num_images)) - set(ranking)
    return [*ranking, *sorted(absent - correct), *sorted(absent & correct)]


def check(gnd, rankings, num_images):
    """Hold every figure of rankings, which may be cut behind rank 10, against the published one."""
    width = max(len(ranking) for ranking in rankings)
    rows = [[*ranking, *[-1] * (width - len(ranking))] for ranking in rankings]
    outcome = outcome_of(gnd, rows, num_images)
    pairs = list(zip(gnd, rankings, strict=True))
    for subset in SUBSETS:
        expected = [
            published_average_precision(ranks_of(one, subset, ranking), len(sets_of(one, subset)[0]))
            for one, ranking in pairs
        ]
        ours = METRICS[f"roxford-{subset}"].per_query(outcome)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)
        whole = [ranks_of(one, subset, completed(one, ranking, num_images)) for one, ranking in pairs]
        for k in KS:
            expected = [published_precision(ranks, k) for ranks in whole]
            ours = METRICS[f"roxford-{subset}-mp@{k}"].per_query(outcome)
            np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)


# Easy 0 and 1, hard 2 and 3, junk 4 and 5; 6 and above are wrong.
ONE = {"easy": [0, 1], "hard": [2, 3], "junk": [4, 5]}


@pytest.mark.parametrize(
    ("ranking", "easy", "medium", "hard"),
    [
        # Ranks 0 and 2 of m = 2: (1 + (1/2 + 2/3) / 2) / 2; the rectangle would give .833.
        ([0, 6, 1], 0.5 * (1 + 7 / 12), 0.25 * (1 + 7 / 12), 0.0),
        # Junk at the head leaves; the hard image leaves for easy, the easy one for hard.
        ([4, 5, 0, 2], 0.5, 0.5, 0.5),
        # Rank 1 of m = 2, (0/1 + 1/2) / 2 / 2, whatever junk stands between.
        ([6, 4, 0], 1 / 8, 1 / 16, 0.0),
        # The repeat earns nothing and takes a rank: ranks 0 and 2 again. For hard both leave.
        ([0, 0, 1, 2], 0.5 * (1 + 7 / 12), 0.25 * (1 + 7 / 12 + (2 / 3 + 3 / 4) / 2), 0.5),
        # A repeated hard image leaves twice for easy.
        ([2, 2, 0], 0.5, 0.25 * (1 + 7 / 12), 0.5),
        ([-1, -1], 0.0, 0.0, 0.0),
        ([], 0.0, 0.0, 0.0),
        ([4, 5], 0.0, 0.0, 0.0),
        ([0, 1, 2, 3], 1.0, 1.0, 1.0),
    ],
)
def test_average_precision_by_hand(ranking, easy, medium, hard):
    for subset, expected in zip(SUBSETS, (easy, medium, hard), strict=True):
        assert scores(f"roxford-{subset}", [ONE], [ranking])[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("ranking", "k", "easy", "medium"),
    [
        # Both easy ones within the first two: the list ends for mP@5 with the last of them.
        ([0, 1, 6, 7, 8, 9], 5, 1.0, 2 / 5),
        ([0, 6, 1, 7, 8, 9], 5, 2 / 3, 2 / 5),
        # One behind k, or nowhere: all k count.
        ([0, 6, 7, 8, 9, 1], 5, 1 / 5, 1 / 5),
        ([0], 5, 1 / 5, 1 / 5),
        # The hard image at the head leaves for easy: ranks 1 and 2.
        ([2, 0, 1], 2, 1.0, 1.0),
        ([4, 4, 0], 1, 1.0, 1.0),
        ([6, 0, 1], 1, 0.0, 0.0),
        ([], 10, 0.0, 0.0),
    ],
)
def test_precision_by_hand(ranking, k, easy, medium):
    assert scores(f"roxford-easy-mp@{k}", [ONE], [ranking])[0] == pytest.approx(easy, abs=1e-12)
    assert scores(f"roxford-medium-mp@{k}", [ONE], [ranking])[0] == pytest.approx(medium, abs=1e-12)


def test_a_query_without_an_image_in_the_set_is_left_out():
    gnd = [ONE, {"easy": [0, 1], "hard": [], "junk": [4]}]
    rows = [[2, 3, 0], [0, 1, 2]]
    for name in ("roxford-hard", "roxford-hard-mp@5"):
        np.testing.assert_array_equal(scores(name, gnd, rows), [1.0, np.nan])
        outcome = outcome_of(gnd, rows)
        assert metrics.parse(name).figure(outcome, np.ones((1, 2))).tolist() == [1.0]
        assert np.isnan(metrics.parse(name).figure(outcome, np.array([[0.0, 1.0]])))[0]


def test_only_these_truths_will_do():
    outcome = Outcome(np.ones((1, 1), dtype=bool), np.array([1]), np.array([1]))
    for name in ("roxford-easy", "roxford-medium", "roxford-hard", "roxford-medium-mp@5"):
        with pytest.raises(EvaluationError) as caught:
            metrics.parse(name).per_query(outcome)
        assert str(caught.value) == f"{name} needs the truth of revisited Oxford or Paris (easy, hard, junk)"


kinds = st.lists(st.sampled_from(["easy", "hard", "junk", "wrong"]), min_size=1, max_size=25)


@given(kinds, st.data())
def test_made_up_rankings_score_as_published(sort, data):
    one = {kind: np.flatnonzero(np.array(sort) == kind).tolist() for kind in ONE}
    check([one], [data.draw(st.permutations(range(len(sort))))], len(sort))


@given(kinds, st.integers(0, 30), st.integers(0, 25), st.data())
def test_junk_that_is_put_in_changes_nothing(sort, place, num_junk, data):
    one = {kind: np.flatnonzero(np.array(sort) == kind).tolist() for kind in ONE}
    ranking = data.draw(st.permutations(range(len(sort))))
    more = [*range(100, 100 + num_junk)]
    with_junk = [*ranking[:place], *more, *ranking[place:]]
    before, after = (
        outcome_of([gnd], [rows])
        for gnd, rows in ((one, ranking), ({**one, "junk": one["junk"] + more}, with_junk))
    )
    for metric in METRICS.values():
        np.testing.assert_allclose(metric.per_query(before), metric.per_query(after), rtol=0, atol=1e-12)


@given(kinds, st.data())
def test_a_ranking_that_is_cut_behind_k_has_the_precision_of_the_whole(sort, data):
    one = {kind: np.flatnonzero(np.array(sort) == kind).tolist() for kind in ONE}
    ranking = data.draw(st.permutations(range(len(sort))))
    for k in KS:
        enough = [*ranking, *range(500, 520)][: k + len(one["junk"])]
        cut = scores(f"roxford-medium-mp@{k}", [one], [enough])
        np.testing.assert_array_equal(cut, scores(f"roxford-medium-mp@{k}", [one], [ranking]))


@pytest.fixture(params=["gnd_roxford5k", "gnd_rparis6k"])
def ground_truth(request):
    path = GROUND_TRUTHS / f"{request.param}.json"
    if not path.exists():
        pytest.skip("the ground truth of revisited Oxford and Paris is not here")
    content = json.loads(path.read_text())
    return content["gnd"], len(content["imlist"])


def test_random_rankings_of_the_real_truth_score_as_published(ground_truth):
    gnd, num_images = ground_truth
    rng = np.random.default_rng(0)
    whole = [rng.permutation(num_images).tolist() for _ in gnd]
    check(gnd[::4], whole[::4], num_images)
    check(gnd, [ranking[: rng.integers(20, 600)] for ranking in whole], num_images)


def test_good_rankings_of_the_real_truth_score_as_published(ground_truth):
    gnd, num_images = ground_truth
    rng = np.random.default_rng(1)
    rankings = []
    for one in gnd:
        merit = rng.random(num_images)
        merit[one["easy"]] -= 0.9
        merit[one["hard"]] -= 0.6
        merit[one["junk"]] -= 0.7
        rankings.append(merit.argsort().tolist())
    check(gnd[::4], rankings[::4], num_images)
    check(gnd, [ranking[:100] for ranking in rankings], num_images)


def test_an_oracle_scores_one_on_the_real_truth(ground_truth):
    gnd, num_images = ground_truth
    # Junk first, then what is correct.
    heads = [[*one["junk"], *one["hard"], *one["easy"]] for one in gnd]
    width = max(len(head) for head in heads)
    outcome = outcome_of(gnd, [[*head, *[-1] * (width - len(head))] for head in heads], num_images)
    for subset in SUBSETS:
        values = METRICS[f"roxford-{subset}"].per_query(outcome)
        empty = [not sets_of(one, subset)[0] for one in gnd]
        np.testing.assert_allclose(values, np.where(empty, np.nan, 1.0), rtol=0, atol=1e-12)
