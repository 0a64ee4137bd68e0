"""A collection's space: averages by hand, and growing against building anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.errors import ConfigError
from rerank import adaptation
from rerank.ranking import PAD
from rerank.space import NEIGHBOURS, Expansion, Space, build, expand, grown

# Both are rounded to half precision, in steps of about 5e-4 below 1.
ATOL = 1e-3


def unit(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def space_of(vectors, neighbours, closeness):
    """A space whose neighbours are what is stated, padded to their width."""
    missing = [(0, 0), (0, NEIGHBOURS - len(neighbours[0]))]
    return Space(
        np.arange(len(vectors)),
        np.array(vectors, np.float32),
        np.pad(np.array(neighbours, np.int32), missing, constant_values=PAD),
        np.pad(np.array(closeness, np.float32), missing),
    )


# The first photograph's neighbours, at cosines of .8, .6 and .5, point along axes of their own.
FOUR = space_of(
    np.eye(4),
    [[1, 2, 3], [0, PAD, PAD], [0, PAD, PAD], [PAD, PAD, PAD]],
    [[0.8, 0.6, 0.5], [0.8, 0, 0], [0.6, 0, 0], [0, 0, 0]],
)


@pytest.mark.parametrize(
    ("expansion", "weights"),
    [
        # cosine ** alpha
        (Expansion(k=3, alpha=1, own=1), [1, 0.8, 0.6, 0.5]),
        (Expansion(k=3, alpha=2, own=1), [1, 0.64, 0.36, 0.25]),
        (Expansion(k=3, alpha=0, own=1), [1, 1, 1, 1]),
        (Expansion(k=2, alpha=1, own=1), [1, 0.8, 0.6, 0]),
        (Expansion(k=3, alpha=1, own=2.5), [2.5, 0.8, 0.6, 0.5]),
        (Expansion(k=3, alpha=1, own=0), [0, 0.8, 0.6, 0.5]),
        # the third neighbour is the background: (.8 - .5) / (1 - .5) = .6, (.6 - .5) / .5 = .2, 0
        (Expansion(k=3, alpha=1, background=3, own=1), [1, 0.6, 0.2, 0]),
        (Expansion(k=3, alpha=2, background=3, own=1), [1, 0.36, 0.04, 0]),
        # even at alpha 0, where 0 ** 0 would be 1
        (Expansion(k=3, alpha=0, background=3, own=1), [1, 1, 1, 0]),
        # the first: nobody is nearer than it
        (Expansion(k=3, alpha=1, background=1, own=1), [1, 0, 0, 0]),
        # there is no thirtieth, and no background
        (Expansion(k=30, alpha=1, background=30, own=1), [1, 0.8, 0.6, 0.5]),
    ],
)
def test_average_by_hand(expansion, weights):
    expected = np.array(weights) / np.linalg.norm(weights)
    np.testing.assert_allclose(expand(FOUR, np.array([0]), expansion), [expected], atol=1e-6)


def test_padding_weighs_nothing_and_nobody_alone_stays_as_it_is():
    # 1 + .8 of the first: (.8, 1) / sqrt(1.64)
    averages = expand(FOUR, np.array([1, 3]), Expansion(k=5, alpha=1))
    np.testing.assert_allclose(averages, [[0.62469505, 0.78086881, 0, 0], [0, 0, 0, 1]], atol=1e-6)


def test_neighbours_beyond_a_right_angle_weigh_nothing():
    space = space_of([[1, 0], [-0.6, 0.8]], [[1], [0]], [[-0.6], [-0.6]])
    for alpha in (0, 1, 0.5):
        np.testing.assert_array_equal(expand(space, np.arange(2), Expansion(alpha=alpha)), space.vectors)


@pytest.mark.parametrize("closeness", [1.0, 1.001])
@pytest.mark.filterwarnings("error")
def test_crowd_of_the_same_photograph_is_its_own_background(closeness):
    # Rounded, a cosine with oneself may be above 1; such a neighbour must not outweigh all.
    space = space_of([[1, 0], [0, 1], [0, 1]], [[1, 2]] * 3, [[closeness, 1.0]] * 3)
    averages = expand(space, np.array([0]), Expansion(background=2))
    np.testing.assert_allclose(averages, [[1, 0]], atol=1e-6)


def test_each_place_is_averaged_as_if_it_were_alone():
    rng = np.random.default_rng(0)
    space = build(np.arange(40), rng.standard_normal((40, 8)).astype(np.float32))
    expansion = Expansion(k=7, background=20)
    together = expand(space, np.arange(40), expansion)
    for place in (0, 17, 39):
        np.testing.assert_allclose(expand(space, np.array([place]), expansion)[0], together[place], atol=1e-6)
    np.testing.assert_array_equal(space.expanded(expansion), together)
    assert space.expanded(expansion) is space.expanded(Expansion(k=7, background=20))


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"k": 0}, "k"), ({"k": 31}, "k"), ({"alpha": -1.0}, "alpha"), ({"alpha": float("nan")}, "alpha"),
     ({"background": -1}, "background"), ({"background": 31}, "background"), ({"own": -0.1}, "own")],
)  # fmt: skip
def test_setting_out_of_range_is_refused(settings, name):
    with pytest.raises(ConfigError, match=f"{name} must be between"):
        Expansion(**settings)


def test_built_space_is_of_unit_length_and_in_half_precision():
    vectors = (np.random.default_rng(0).standard_normal((50, 6)) * 9).astype(np.float32)
    for space in (build(np.arange(50), vectors), build(np.arange(50), vectors, adaptation.fit(vectors))):
        np.testing.assert_allclose(np.linalg.norm(space.vectors, axis=1), 1, atol=ATOL)
        for values in (space.vectors, space.closeness):
            np.testing.assert_array_equal(values, values.astype(np.float16))
        np.testing.assert_allclose(space.project(vectors), space.vectors, atol=ATOL)


def assert_same_but_for_ties(found, expected):
    """Neighbours may swap where rounding makes them equally near; nothing else may differ."""
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=ATOL)
    np.testing.assert_allclose(found.closeness, expected.closeness, atol=ATOL)
    np.testing.assert_array_equal(found.neighbours == PAD, expected.neighbours == PAD)
    assert (np.diff(found.closeness, axis=1)[found.neighbours[:, 1:] != PAD] <= 0).all()
    for place, neighbours in enumerate(found.neighbours):
        used = neighbours[neighbours != PAD]
        assert place not in used
        assert len(set(used)) == len(used)
        cosines = expected.vectors[used] @ expected.vectors[place]
        np.testing.assert_allclose(found.closeness[place, : len(used)], cosines, atol=ATOL)


@st.composite
def changes(draw):
    """Global vectors of rows that are kept, that go and that come, in any order of rows."""
    kept, gone, new = draw(st.integers(0, 60)), draw(st.integers(0, 15)), draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = np.sort(rng.choice(500, kept + gone + new, replace=False))
    which = rng.permutation(np.repeat([0, 1, 2], [kept, gone, new]))
    vectors = rng.standard_normal((len(rows), draw(st.sampled_from([2, 3, 16])))).astype(np.float32)
    return rows, which, vectors


@given(changes(), st.booleans())
@settings(max_examples=150)
@pytest.mark.filterwarnings("error")
def test_grown_is_built_anew(change, adapted):
    rows, which, vectors = change
    before, after = which != 2, which != 1
    fitted = adaptation.fit(vectors[before]) if adapted else None
    space = build(rows[before], vectors[before], fitted)
    assert_same_but_for_ties(
        grown(space, rows[after], vectors[after]), build(rows[after], vectors[after], fitted)
    )


@pytest.mark.parametrize("seed", range(5))
def test_growing_step_by_step_is_built_anew(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((120, 8)).astype(np.float32)
    rows = np.arange(50)
    fitted = adaptation.fit(vectors[rows])
    space = build(rows, vectors[rows], fitted)
    for step in range(7):
        stays = rows[rng.random(len(rows)) > 0.05]
        rows = np.concatenate([stays, np.arange(50 + 10 * step, 60 + 10 * step)])
        space = grown(space, rows, vectors[rows])
    assert_same_but_for_ties(space, build(rows, vectors[rows], fitted))


def test_many_copies_of_a_photograph_may_come_and_go():
    vectors = np.repeat(np.random.default_rng(0).standard_normal((3, 8)), 40, axis=0).astype(np.float32)
    rows = np.arange(120)
    fitted = adaptation.fit(vectors[::2])
    space = build(rows[::2], vectors[::2], fitted)
    assert_same_but_for_ties(grown(space, rows, vectors), build(rows, vectors, fitted))


def test_averages_made_before_are_those_of_the_new_space_alone():
    space = build(np.arange(3), np.eye(3, dtype=np.float32))
    made = space.expanded(Expansion())
    given = space.with_expanded(Expansion(), 2 * made)
    np.testing.assert_array_equal(given.expanded(Expansion()), 2 * made)
    np.testing.assert_array_equal(space.expanded(Expansion()), made)
