"""Miners by hand on points of a line, and against a slow loop over every pair."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from extract import plugins
from extract.errors import ConfigError
from train.miners import semi_hard
from train.recipe import MINERS
from train.reference import Reference

# Class a at 0, 1 and 4, class b at 2.5 and 6, class c at 9 alone.
POINTS, LABELS = [0.0, 1.0, 4.0, 2.5, 6.0, 9.0], [0, 0, 0, 1, 1, 2]
CHOOSING = ["random", "hard-negative", "hard-negative-positive", "semi-hard", "mixed"]


def mine(name, points, labels, rows=None, seed=0, **options):
    """The triplets of a miner, as tuples; `rows` is the length of the batch, the rest is remembered."""
    plugin = plugins.load(MINERS, name)
    vectors = torch.tensor(points, dtype=torch.float32).reshape(len(points), -1).requires_grad_()
    labels = torch.tensor(labels)
    generator = torch.Generator().manual_seed(seed)
    reference = Reference(vectors, labels)
    found = plugin.build(plugin.Config(**options))(vectors[:rows], labels[:rows], reference, generator)
    assert all(places.dtype == torch.int64 for places in vars(found).values())
    return list(zip(*(places.tolist() for places in vars(found).values()), strict=True))


def seen(name, row, **options):
    """The (positive, negative) that an anchor is given over many seeds."""
    found = [mine(name, POINTS, LABELS, seed=seed, **options) for seed in range(60)]
    return {(p, n) for triplets in found for a, p, n in triplets if a == row}


def test_the_miners_that_ship():
    assert plugins.names(MINERS) == sorted(["all", *CHOOSING])


def test_all_leaves_the_choice_to_the_loss():
    plugin = plugins.load(MINERS, "all")
    rows, labels = torch.zeros(2, 1), torch.tensor([0, 1])
    assert plugin.build(plugin.Config())(rows, labels, Reference(rows, labels), torch.Generator()) is None


def test_random_draws_every_positive_and_negative():
    assert seen("random", 0) == {(p, n) for p in (1, 2) for n in (3, 4, 5)}


def test_hard_negative_by_hand():
    # 0: nearest other class is 2.5; 2.5: 1 and 4 are as near, the first counts; 6: 4.
    assert seen("hard-negative", 0) == {(1, 3), (2, 3)}
    assert seen("hard-negative", 3) == {(4, 1)}
    assert seen("hard-negative", 4) == {(3, 2)}


def test_hard_negative_and_hard_positive_by_hand():
    assert mine("hard-negative-positive", POINTS, LABELS) == [
        (0, 2, 3),
        (1, 2, 3),
        (2, 0, 3),
        (3, 4, 1),
        (4, 3, 2),
    ]


def test_semi_hard_by_hand():
    # Anchor 0: positive at 1 -> negatives from 1 to 2.5 away, 2.5 (at 2.5) excluded: none, so any of three.
    # Positive at 4 -> from 4 to below 5.5: none either; with a margin of 2.1 the ones at 6 (and 2.5 for 1).
    assert seen("semi-hard", 0, margin=1.5) == {(p, n) for p in (1, 2) for n in (3, 4, 5)}
    assert seen("semi-hard", 0, margin=2.1) == {(1, 3), (2, 4)}
    # Anchor 2.5: positive 3.5 away; 4 and 1 are 1.5 away, 0 2.5, 9 6.5: in [3.5, 7) is 9 alone.
    assert seen("semi-hard", 3, margin=3.5) == {(4, 5)}


def test_semi_hard_takes_a_negative_as_far_as_the_positive():
    assert mine("semi-hard", [0.0, 2.0, -2.0, 3.0], [0, 0, 1, 1], margin=1.0)[0] == (0, 1, 2)


def test_mixed_takes_the_negative_nearest_to_the_positive():
    # Anchor 0 with the positive at 4: 2.5 is 1.5 and 6 is 2 away from it; the other with 1: 2.5.
    # Anchor 2.5 with the positive at 6: of 4 (2 away) and 9 (3 away) it is 4, not 1, which is nearer to 2.5.
    assert seen("mixed", 0) == {(1, 3), (2, 3)}
    assert seen("mixed", 3) == {(4, 2)}
    assert seen("mixed", 4) == {(3, 1)}


@pytest.mark.parametrize("name", CHOOSING)
def test_rows_without_a_positive_or_a_negative_have_no_triplet(name):
    assert [anchor for anchor, _, _ in mine(name, POINTS, LABELS)] == [0, 1, 2, 3, 4]
    assert mine(name, [0.0, 1.0], [0, 1]) == []
    assert mine(name, [0.0, 1.0], [0, 0]) == []


@pytest.mark.parametrize("name", CHOOSING)
def test_the_generator_decides_alone(name):
    torch.manual_seed(1)
    first = mine(name, POINTS, LABELS, seed=5)
    torch.manual_seed(2)
    assert mine(name, POINTS, LABELS, seed=5) == first


def test_random_positives_are_as_likely_as_one_another():
    found = [mine("random", POINTS, LABELS, seed=seed)[0][1:] for seed in range(600)]
    counts = [sum(p == place for p, _ in found) for place in (1, 2)]
    counts += [sum(n == place for _, n in found) for place in (3, 4, 5)]
    # 300 each of 600 and 200 each; five standard deviations are 61 and 58
    np.testing.assert_allclose(counts, [300, 300, 200, 200, 200], atol=58)


def test_margin_of_semi_hard_must_be_above_zero():
    with pytest.raises(ConfigError, match=r"^miner\.margin must be above 0, got 0\.0$"):
        semi_hard.Config(margin=0.0)


@st.composite
def batches(draw):
    count = draw(st.integers(2, 9))
    # Whole numbers, so that distances are exact and ties occur.
    points = draw(st.lists(st.integers(-9, 9), min_size=count, max_size=count))
    labels = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return [float(point) for point in points], labels, draw(st.integers(1, count))


@pytest.mark.parametrize("name", CHOOSING)
@settings(max_examples=40)
@given(batch=batches(), seed=st.integers(0, 99))
def test_each_choice_is_one_that_a_slow_loop_allows(name, batch, seed):
    points, labels, num_rows = batch
    margin = 2.0
    options = {"margin": margin} if name == "semi-hard" else {}
    found = {a: (p, n) for a, p, n in mine(name, points, labels, num_rows, seed, **options)}
    for row in range(num_rows):
        places = range(len(points))
        positives = [place for place in places if labels[place] == labels[row] and place != row]
        negatives = [place for place in places if labels[place] != labels[row]]
        assert (row in found) == (bool(positives) and bool(negatives))
        if row not in found:
            continue
        p, n = found[row]
        away = [abs(points[row] - point) for point in points]
        assert p in positives
        assert n in negatives
        if name == "hard-negative-positive":
            assert away[p] == max(away[place] for place in positives)
        if name in ("hard-negative", "hard-negative-positive"):
            assert away[n] == min(away[place] for place in negatives)
        if name == "mixed":
            assert abs(points[p] - points[n]) == min(abs(points[p] - points[place]) for place in negatives)
        if name == "semi-hard" and any(away[p] <= away[place] < away[p] + margin for place in negatives):
            assert away[p] <= away[n] < away[p] + margin
