"""Every metric of ranked lists on lists worked by hand, one for each trap."""

import numpy as np
import pytest

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.outcome import Outcome
from evaluate.truth import Truth

LOG3 = float(np.log2(3))
# Rows 0 to 9 are relevant where a number of them is given; 50 and above are wrong, 40 is ignored.
LISTS = {
    "clean": (2, [0, 50, 1, 51]),
    "repeated id": (2, [0, 0, 1]),
    "missing query": (2, [-1, -1, -1]),
    "no ranks": (2, []),
    "short list": (2, [1]),
    "more correct than k": (5, [3, 1, 0]),
    "the query itself first": (1, [40, 0]),
}


def score(name, num_relevant, ranking):
    truth = Truth(("q",), (np.arange(num_relevant),), (np.array([40]),), ("",))
    return metrics.parse(name).per_query(Outcome.from_rows(truth, np.array([ranking], dtype=np.int64)))[0]


@pytest.mark.parametrize(
    ("trap", "name", "expected"),
    [
        # Two of the first three, one of the first; a list of four has four of ten.
        ("clean", "precision@3", 2 / 3),
        ("clean", "precision@10", 2 / 10),
        ("clean", "hit@1", 1.0),
        ("clean", "mrr", 1.0),
        # One hit within the first m = 2; P(1) / 2.
        ("clean", "r-precision", 1 / 2),
        ("clean", "map@r", 1 / 2),
        # (1/1 + 2/3) / 2.
        ("clean", "map", 5 / 6),
        # (1 + 1/log2(4)) / (1 + 1/log2(3)).
        ("clean", "ndcg@4", 1.5 / (1 + 1 / LOG3)),
        ("clean", "first-hit", 1.0),
        ("clean", "top1", 1.0),
        # The repeat earns nothing and takes rank 2.
        ("repeated id", "precision@3", 2 / 3),
        ("repeated id", "r-precision", 1 / 2),
        ("repeated id", "map@r", 1 / 2),
        ("repeated id", "map", 5 / 6),
        ("repeated id", "ndcg@3", 1.5 / (1 + 1 / LOG3)),
        ("missing query", "precision@3", 0.0),
        ("missing query", "hit@3", 0.0),
        ("missing query", "mrr", 0.0),
        ("missing query", "ndcg@3", 0.0),
        ("missing query", "map@r", 0.0),
        ("missing query", "first-hit", 101.0),
        ("missing query", "first-hit-median", 101.0),
        ("missing query", "top1", 0.0),
        ("no ranks", "precision@3", 0.0),
        ("no ranks", "mrr", 0.0),
        ("no ranks", "ndcg@3", 0.0),
        ("no ranks", "r-precision", 0.0),
        ("no ranks", "first-hit", 101.0),
        ("no ranks", "top1", 0.0),
        # What is not there is wrong: divided by k, by m and by the whole ideal.
        ("short list", "precision@3", 1 / 3),
        ("short list", "r-precision", 1 / 2),
        ("short list", "map@r", 1 / 2),
        ("short list", "map", 1 / 2),
        ("short list", "ndcg@3", 1 / (1 + 1 / LOG3)),
        # m = 5, three found in three ranks.
        ("more correct than k", "precision@2", 1.0),
        ("more correct than k", "ndcg@2", 1.0),
        ("more correct than k", "r-precision", 3 / 5),
        ("more correct than k", "map@r", 3 / 5),
        ("more correct than k", "map", 3 / 5),
        # It takes rank 1.
        ("the query itself first", "precision@1", 0.0),
        ("the query itself first", "mrr", 1 / 2),
        ("the query itself first", "map@r", 0.0),
        ("the query itself first", "map", 1 / 2),
        ("the query itself first", "ndcg@2", 1 / LOG3),
        ("the query itself first", "first-hit", 2.0),
        ("the query itself first", "top1", 0.0),
    ],
)
def test_the_score_is_that_by_hand(trap, name, expected):
    assert score(name, *LISTS[trap]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["precision@5", "hit@5", "ndcg@5", "mrr", "r-precision", "map@r", "map"])
@pytest.mark.parametrize("ids", [None, ("a", "b")])
def test_a_query_without_relevant_images_is_an_error_that_names_it(name, ids):
    outcome = Outcome(np.zeros((2, 3), dtype=bool), np.array([1, 0]), np.array([3, 3]), query_ids=ids)
    with pytest.raises(EvaluationError) as caught:
        metrics.parse(name).per_query(outcome)
    assert str(caught.value).startswith(f"{name} needs a relevant image for every query, which ")
    assert ("'b'" if ids else "the one in place 1") in str(caught.value)


def test_graded_gains_by_hand():
    # Gains 1, 3 and 2 for rows 0, 1 and 2; ranked: 0, wrong, 1.
    truth = Truth(
        ("q",), (np.arange(3),), (np.empty(0, dtype=np.int64),), ("",), gains=(np.array([1.0, 3.0, 2.0]),)
    )
    outcome = Outcome.from_rows(truth, np.array([[0, 50, 1]]))
    # k = 3: (1/1 + 3/2) / (3/1 + 2/log2(3) + 1/2); k = 1: 1 / 3.
    assert metrics.parse("ndcg@3").per_query(outcome)[0] == pytest.approx(2.5 / (3.5 + 2 / LOG3), abs=1e-12)
    assert metrics.parse("ndcg@1").per_query(outcome)[0] == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize("name", metrics.names())
def test_a_k_is_given_where_one_is_needed_and_nowhere_else(name):
    module = __import__(f"evaluate.metrics.{_module(name)}", fromlist=["build"])
    for k in (None, 0) if name.endswith("@K") else (3,):
        with pytest.raises(ValueError, match="needs a k of 1 or more|takes no k"):
            module.build(k)


def _module(name):
    return name.replace("@K", "_at_k").replace("@r", "_at_r").replace("-", "_")
