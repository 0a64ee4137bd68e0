"""Places and folds: queries that share a photograph stay together, folds are even and repeat for a seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.truth import Truth
from extract.errors import ConfigError
from retrieval.tuning.places import folds, places


def truth_of(relevant, own=None):
    own = own or [()] * len(relevant)
    names = tuple(f"q{number}" for number in range(len(relevant)))
    return Truth(
        names,
        tuple(np.array(rows, np.int64) for rows in relevant),
        tuple(np.array(rows, np.int64) for rows in own),
        ("",) * len(names),
    )


def test_queries_that_share_a_photograph_show_one_place():
    # 0 and 2 share row 5, 2 and 3 share row 7; 1 stands alone.
    assert places(truth_of([[4, 5], [6], [5, 7], [7, 9]])).tolist() == [0, 1, 0, 0]


def test_two_queries_that_are_each_others_only_answer_show_one_place():
    assert places(truth_of([[2], [1], [4]], own=[[1], [2], [3]])).tolist() == [0, 0, 1]


@given(st.lists(st.integers(0, 12), min_size=8, max_size=60), st.integers(2, 5), st.integers(0, 99))
def test_folds_share_no_place_and_none_is_empty(labels, count, seed):
    _, numbers = np.unique(labels, return_inverse=True)
    if numbers.max() + 1 < count:
        with pytest.raises(ConfigError, match=f"too few for {count} folds"):
            folds(numbers, count, np.random.default_rng(seed))
        return
    made = folds(numbers, count, np.random.default_rng(seed))
    assert set(made.tolist()) == set(range(count))
    for place in set(numbers.tolist()):
        assert len(set(made[numbers == place].tolist())) == 1
    # The emptiest fold is filled first: none exceeds another by more than the largest place.
    sizes = np.bincount(made)
    assert sizes.max() - sizes.min() <= np.bincount(numbers).max()
    np.testing.assert_array_equal(made, folds(numbers, count, np.random.default_rng(seed)))


def test_another_seed_gives_other_folds():
    numbers = np.arange(40)
    first, second = (folds(numbers, 4, np.random.default_rng(seed)) for seed in (0, 1))
    assert (first != second).any()


def test_one_fold_is_no_cross_validation():
    with pytest.raises(ConfigError, match="at least 2 folds"):
        folds(np.arange(5), 1, np.random.default_rng(0))
