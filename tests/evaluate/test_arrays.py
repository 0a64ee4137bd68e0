"""Checks of ranked rows, and what counts as a repeat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from evaluate.arrays import first_occurrences, members, query_mask, ranked_rows


def test_repeats_are_all_but_the_first_of_a_row():
    rows = np.array([[4, 7, 4, 4, 7], [1, 2, 3, 4, 5], [-1, 0, -1, 0, -1]])
    assert first_occurrences(rows).tolist() == [
        [True, True, False, False, False],
        [True, True, True, True, True],
        [True, True, False, False, False],
    ]


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, min_side=0), elements=st.integers(-1, 5)))
def test_repeats_are_those_of_a_plain_loop(rows):
    expected = [[row not in ranking[:rank] for rank, row in enumerate(ranking)] for ranking in rows.tolist()]
    assert first_occurrences(rows).tolist() == expected


@given(st.lists(st.integers(-1, 9), max_size=8), st.sets(st.integers(0, 9)))
def test_members_are_those_of_a_set(rows, wanted):
    found = members(np.array(rows, dtype=np.int64), np.array(sorted(wanted), dtype=np.int64))
    assert found.tolist() == [row in wanted for row in rows]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(3, dtype=np.int64), r"rows must be \(3, K\), one ranking a query, got shape \(3,\)"),
        (np.zeros((2, 4), dtype=np.int64), r"got shape \(2, 4\)"),
        (np.zeros((3, 4)), "rows must be integers, got float64"),
        (np.full((3, 4), -2), "rows must be -1 .* or a database row, got -2"),
    ],
)
def test_a_table_of_another_kind_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        ranked_rows(rows, 3)


def test_narrow_integers_become_int64():
    assert ranked_rows(np.array([[1, -1]], dtype=np.int16), 1).dtype == np.int64


@pytest.mark.parametrize("mask", [np.array([True]), np.array([1, 0]), np.array([False, False])])
def test_a_mask_must_be_one_boolean_a_query_and_take_one(mask):
    with pytest.raises(ValueError, match="mask must be 2 booleans, one of them True"):
        query_mask(mask, 2)
