"""Holm's p-values by hand and against the closed test that they are a short cut for."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.holm import adjusted


def closed_test(p_values):
    """Adjust by testing every set of hypotheses that holds one of them, each by Bonferroni."""
    places = range(len(p_values))
    families = [
        family for size in range(1, len(p_values) + 1) for family in itertools.combinations(places, size)
    ]
    return [
        max(
            min(1.0, len(family) * min(p_values[other] for other in family))
            for family in families
            if place in family
        )
        for place in places
    ]


def test_four_p_values_by_hand():
    # Sorted .005, .01, .03, .04 times 4, 3, 2, 1: .02, .03, .06, .04; the last may not fall below .06.
    np.testing.assert_allclose(adjusted(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])


def test_nothing_exceeds_one():
    np.testing.assert_allclose(adjusted(np.array([0.6, 0.9, 0.2])), [1.0, 1.0, 0.6])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_they_are_those_of_the_closed_test(p_values):
    np.testing.assert_allclose(adjusted(np.array(p_values)), closed_test(p_values), rtol=1e-12)


def test_one_test_alone_and_none_stay_as_they_are():
    assert adjusted(np.array([0.03])).tolist() == [0.03]
    assert adjusted(np.array([])).size == 0


@pytest.mark.parametrize("bad", [[0.1, np.nan], [1.1], [-0.1], [[0.1]]])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(ValueError, match="p-values must be between 0 and 1"):
        adjusted(np.array(bad))
