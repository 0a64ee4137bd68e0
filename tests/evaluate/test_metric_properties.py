"""What holds for every metric on any rankings: bounds, order, the sense of better, and a plain loop."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluate import dialects, metrics
from evaluate.labels import Labels
from evaluate.outcome import Outcome
from evaluate.outcome_parts import EASY, HARD, Confidences, Difficulty, Gains, Irrelevant

K = 3
ALL = [metrics.parse(name.replace("K", str(K))) for name in metrics.names()]
DIALECTS = [dialects.build(K, name) for name in dialects.names()]
EXACT = {"rtol": 0, "atol": 1e-12}

# One image: easy or hard and right, or wrong. A ranking: images, and how many right ones it lacks.
images = st.sampled_from([EASY, HARD, 0])
rankings = st.tuples(st.lists(images, max_size=9), st.integers(0, 3), st.integers(0, 3))
tables = st.lists(
    rankings.filter(lambda one: sum(kind > 0 for kind in one[0]) + one[1] > 0), min_size=1, max_size=6
)


def outcome_of(table, order=None):
    """Make an outcome with every part; a wrong image's label is that of nobody's query."""
    places = list(range(len(table))) if order is None else order
    width = max(len(kinds) for kinds, _, _ in table)
    kinds = np.array([table[place][0] + [0] * (width - len(table[place][0])) for place in places], np.int8)
    kinds = kinds.reshape(len(places), width)
    answers = np.array([len(table[place][0]) for place in places])
    lacking = np.array([table[place][1] for place in places])
    hits = kinds > 0
    num_relevant = hits.sum(axis=1) + lacking
    neighbours = np.where(hits, 0, np.where(np.arange(width) < answers[:, None], 1, -1))
    ideal = (np.arange(num_relevant.max()) < num_relevant[:, None]).astype(float)
    return Outcome(
        hits,
        num_relevant,
        answers,
        labels=Labels(("1", "2"), np.zeros(len(places), dtype=np.int64), neighbours),
        difficulty=Difficulty(kinds, (kinds == EASY).sum(axis=1) + lacking, (kinds == HARD).sum(axis=1)),
        gains=Gains(hits.astype(float), ideal),
        confidences=Confidences(
            np.where(answers > 0, [float(table[place][2]) for place in places], -np.inf), np.array(places)
        ),
        irrelevant=Irrelevant(~hits & (np.arange(width) < answers[:, None]), answers - hits.sum(axis=1) + 2),
    )


# Each example goes through all metrics: to make one costs more than to score it, and fifty are 1,300 cases.
FIFTY = settings(max_examples=50)


@FIFTY
@given(tables)
def test_values_lie_between_the_worst_and_the_best(table):
    outcome = outcome_of(table)
    for metric in (*ALL, *DIALECTS):
        values = metric.per_query(outcome)
        assert values.shape == (len(table),), metric.name
        known = values[~np.isnan(values)]
        low, high = (1.0, metric.depth + 1.0) if metric.lower_is_better else (0.0, 1.0)
        assert ((known >= low) & (known <= high + 1e-12)).all(), metric.name
        figure = metric.figure(outcome, np.ones((1, len(table))))[0]
        assert np.isnan(figure) == (known.size == 0), metric.name
        if metric.is_mean and known.size:
            assert figure == pytest.approx(known.mean(), abs=1e-12), metric.name


@FIFTY
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_queries_does_not_matter(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    plain, shuffled = outcome_of(table), outcome_of(table, order)
    weights = np.ones((1, len(table)))
    for metric in (*ALL, *DIALECTS):
        values = (metric.per_query(shuffled), metric.per_query(plain)[order])
        np.testing.assert_allclose(*values, **EXACT, err_msg=metric.name)
        figures = (metric.figure(one, weights) for one in (shuffled, plain))
        np.testing.assert_allclose(*figures, **EXACT, err_msg=metric.name)


@FIFTY
@given(tables, st.data())
def test_a_correct_image_that_moves_up_never_makes_it_worse(table, data):
    # The dialect "found" is not among these: there a hit that comes within k can cost.
    swaps = [
        (query, upper, lower)
        for query, (kinds, _, _) in enumerate(table)
        for lower, kind in enumerate(kinds)
        for upper in range(lower)
        if kind and not kinds[upper]
    ]
    assume(swaps)
    query, upper, lower = data.draw(st.sampled_from(swaps))
    kinds, lacking, sure = table[query]
    moved = list(kinds)
    moved[upper], moved[lower] = moved[lower], moved[upper]
    better = [*table[:query], (moved, lacking, sure), *table[query + 1 :]]
    outcomes = outcome_of(table), outcome_of(better)
    for metric in (*ALL, *(one for one in DIALECTS if not one.name.endswith(":found"))):
        before, after = (metric.figure(one, np.ones((1, len(table))))[0] for one in outcomes)
        if metric.lower_is_better:
            before, after = -before, -after
        assert after >= before - 1e-12 or np.isnan([before, after]).all(), metric.name


def gains_within(hits, k):
    return sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits[:k], start=1))


def precisions(hits):
    return [sum(hits[: rank + 1]) / (rank + 1) * hit for rank, hit in enumerate(hits)]


# From the hits of a ranking and the number m of relevant images.
PLAIN = {
    "precision@3": lambda hits, m: sum(hits[:3]) / 3,
    "hit@3": lambda hits, m: float(any(hits[:3])),
    "recall@3": lambda hits, m: float(any(hits[:3])),
    "ndcg@3": lambda hits, m: gains_within(hits, 3) / gains_within([1] * m, 3),
    "mrr": lambda hits, m: 1 / (hits.index(True) + 1) if any(hits) else 0.0,
    "r-precision": lambda hits, m: sum(hits[:m]) / m,
    "map@r": lambda hits, m: sum(precisions(hits[:m])) / m,
    "map": lambda hits, m: sum(precisions(hits)) / m,
    "map@3": lambda hits, m: sum(precisions(hits[:3])) / min(m, 3),
    "map@3:gldv2": lambda hits, m: sum(precisions(hits[:3])) / min(m, 3),
    "map@3:trec": lambda hits, m: sum(precisions(hits[:3])) / m,
    "map@3:found": lambda hits, m: sum(precisions(hits[:3])) / max(1, sum(hits[:3])),
    "first-hit": lambda hits, m: hits.index(True) + 1 if any(hits) else 101,
    "first-hit-median": lambda hits, m: hits.index(True) + 1 if any(hits) else 101,
    "top1": lambda hits, m: float(any(hits[:1])),
}


@FIFTY
@given(tables)
def test_the_vectorised_score_is_that_of_a_plain_loop(table):
    outcome = outcome_of(table)
    for name, plain in PLAIN.items():
        expected = []
        for kinds, lacking, _ in table:
            hits = [kind > 0 for kind in kinds]
            expected.append(plain(hits, sum(hits) + lacking))
        values = metrics.parse(name).per_query(outcome)
        np.testing.assert_allclose(values, expected, **EXACT, err_msg=name)
