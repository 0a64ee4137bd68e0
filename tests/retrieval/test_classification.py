"""The vote of neighbours: majority, ties to the nearest, known or not by the calibrated chance."""

import dataclasses

import pytest

from retrieval.classification import Neighbour, vote


def neighbours(labels):
    return [Neighbour(str(place), label, 0.5 + place) for place, label in enumerate(labels)]


def test_the_majority_wins_with_the_distance_of_its_own_nearest():
    found = vote(neighbours("abbac" + "b"))
    assert found.label == "b"
    assert found.votes == {"b": 3, "a": 2, "c": 1}
    assert found.distance == 1.5


def test_the_nearest_decides_among_equals():
    assert vote(neighbours("cabba")).label == "a"
    assert vote(neighbours("ba")).label == "b"


def test_a_chance_below_the_threshold_makes_it_unknown():
    found = vote(neighbours("a"))
    assert found.answer == "a"
    assert dataclasses.replace(found, chance=0.5, threshold=0.5).answer == "a"
    assert dataclasses.replace(found, chance=0.49, threshold=0.5).answer == "unknown"


def test_nobody_cannot_vote():
    with pytest.raises(ValueError, match="at least one neighbour"):
        vote([])
