"""K-shot: how many join and ask, by hand, and refusals."""

import numpy as np
import pytest

from extract.errors import PhotosError
from retrieval import unseen_classes
from retrieval.labelled_vectors import LabelledVectors


def labelled(labels, values):
    names = tuple(f"{label}{place}" for place, label in enumerate(labels))
    return LabelledVectors(names, tuple(labels), np.array(values, np.float32)[:, None])


def test_the_rest_ask_and_known_classes_stand_in_the_way():
    # All of y lie together and find each other. Those of z at 0 are nearest to the known x at 0.1, whatever
    # of z is drawn, but where another z at 0 is.
    known = labelled("x", [0.1])
    unseen = labelled("yyyzz", [9.0, 9.0, 9.0, 0.0, 5.0])
    names, right = unseen_classes.ask(known, unseen, 1, k=1, seed=3)
    assert len(names) == 3
    by_name = dict(zip(names, right.tolist(), strict=True))
    assert [by_name[name] for name in names if name[0] == "y"] == [True, True]
    # z3 (0.0) has x at .1 before z4 (5.0); z4 has y at 4.0 before z3 at 5.0.
    assert [by_name[name] for name in names if name[0] == "z"] == [False]


def test_the_same_seed_draws_the_same():
    unseen = labelled("aaaabbbb", range(8))
    known = labelled("x", [100.0])
    first, again = (unseen_classes.ask(known, unseen, 2, k=1, seed=5)[0] for _ in range(2))
    assert first == again
    assert any(unseen_classes.ask(known, unseen, 2, k=1, seed=seed)[0] != first for seed in range(5))


def test_a_class_without_a_photograph_left_to_ask_is_named():
    with pytest.raises(
        PhotosError, match="the class 'b' has 1 photographs that can be read, too few to add 1"
    ):
        unseen_classes.ask(labelled("x", [0]), labelled("aab", [0, 1, 2]), 1, k=1, seed=0)
