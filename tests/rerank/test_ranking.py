import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rerank.ranking import PAD, Ranking


def int_rows(*rows):
    return np.array(rows, np.int64)


def floats(*values):
    return np.array(values, np.float32)


@st.composite
def rankings(draw, min_places=1):
    """Random rankings with equal scores among them, padding of any score, and one further column."""
    num_queries, num_places = draw(st.integers(1, 4)), draw(st.integers(min_places, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = np.stack([rng.permutation(20)[:num_places] for _ in range(num_queries)])
    scores = np.sort(rng.choice(floats(-3, -0.5, 0, 0.1, 0.3, 1e-8, 1e8), rows.shape), axis=1)[:, ::-1]
    padded = np.arange(num_places) >= rng.integers(0, num_places + 1, num_queries)[:, None]
    rows[padded] = PAD
    scores = np.where(padded, draw(st.sampled_from([-np.inf, 0.0, np.nan])), scores).astype(np.float32)
    column = np.where(padded, np.nan, rows * 10).astype(np.float32)
    return Ranking(rows, scores, {"column": column})


def assert_columns_follow(ranking):
    np.testing.assert_array_equal(ranking.columns["column"][ranking.used], 10 * ranking.rows[ranking.used])


@pytest.mark.parametrize(
    ("rows", "scores", "sentence"),
    [
        (np.array([1, 2]), floats(1, 0), r"rows must be \(Q, K\) int64, got \(2,\) int64"),
        (np.array([[1, 2]], np.int32), floats([1, 0]), "got .* int32"),
        (int_rows([1, 2]), np.array([[1.0, 0.0]]), r"scores must be \(1, 2\) float32, got \(1, 2\) float64"),
        (int_rows([1, 2]), floats([1]), r"got \(1, 1\) float32"),
        (int_rows([1, PAD, 2]), floats([3, 2, 1]), "padding must stand at the end"),
        (int_rows([1, 2]), floats([1, 2]), "scores must fall"),
        (int_rows([1, 2]), floats([1, np.nan]), "hold no NaN"),
        (int_rows([4, 2, 4]), floats([3, 2, 1]), "rows must be unique"),
    ],
)
def test_what_is_no_ranking_is_refused(rows, scores, sentence):
    with pytest.raises(ValueError, match=sentence):
        Ranking(rows, scores)


@pytest.mark.parametrize("column", [np.zeros((1, 2)), np.zeros((2, 2), np.float32)])
def test_column_of_another_shape_or_type_is_named(column):
    with pytest.raises(ValueError, match="matches must be"):
        Ranking(int_rows([1, 2]), floats([1, 0]), {"matches": column})


def test_equal_scores_and_repeated_padding_are_allowed():
    ranking = Ranking(int_rows([1, 2, PAD, PAD]), floats([1, 1, 5, 9]))
    np.testing.assert_array_equal(ranking.used, [[True, True, False, False]])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_ranking_may_be_empty(shape):
    ranking = Ranking(np.zeros(shape, np.int64), np.zeros(shape, np.float32))
    assert ranking.top(2).rows.shape == (shape[0], min(2, shape[1]))
    assert ranking.sorted_by(ranking.scores).rows.shape == shape
    assert ranking.without(np.zeros(shape[0], np.int64)).rows.shape == shape
    assert ranking.with_head(ranking.top(2)).rows.shape == shape


def test_top_shares_memory_and_takes_all_where_there_are_fewer():
    ranking = Ranking(int_rows([7, 8, 9]), floats([3, 2, 1]), {"local": floats([1, 2, 3])})
    head = ranking.top(2)
    assert head.rows.tolist() == [[7, 8]]
    assert head.columns["local"].tolist() == [[1, 2]]
    assert np.shares_memory(head.rows, ranking.rows)
    assert ranking.top(99).rows.tolist() == [[7, 8, 9]]


def test_query_that_is_in_the_index_is_left_out():
    ranking = Ranking(
        int_rows([4, 5, 6], [7, 8, 9], [1, 2, PAD]),
        floats([3, 2, 1], [3, 2, 1], [3, 2, -np.inf]),
        {"local": floats([1, 2, 3], [4, 5, 6], [7, 8, np.nan])},
    )
    left = ranking.without(np.array([5, 0, 1]))
    assert left.rows.tolist() == [[4, 6, PAD], [7, 8, 9], [2, PAD, PAD]]
    assert left.scores.tolist() == [[3, 1, -np.inf], [3, 2, 1], [2, -np.inf, -np.inf]]
    np.testing.assert_array_equal(left.columns["local"][[0, 2]], floats([1, 3, np.nan], [8, np.nan, np.nan]))


def test_several_rows_of_a_query_are_left_out():
    ranking = Ranking(int_rows([4, 5, 6], [7, 8, 9]), floats([3, 2, 1], [3, 2, 1]))
    left = ranking.without(np.array([[6, 4], [8, PAD]]))
    assert left.rows.tolist() == [[5, PAD, PAD], [7, 9, PAD]]


@given(rankings(), st.integers(0, 19))
def test_without_removes_one_row_and_moves_the_others_up(ranking, row):
    left = ranking.without(np.full(len(ranking.rows), row))
    for before, after in zip(ranking.rows, left.rows, strict=True):
        kept = [one for one in before if one not in (row, PAD)]
        assert after.tolist() == kept + [PAD] * (len(before) - len(kept))
    assert_columns_follow(left)


def test_padding_cannot_be_left_out():
    ranking = Ranking(int_rows([4, PAD]), floats([3, -np.inf]))
    assert ranking.without(np.array([PAD])).rows.tolist() == [[4, PAD]]


def test_with_columns_adds_and_replaces():
    ranking = Ranking(int_rows([1, 2]), floats([2, 1]), {"a": floats([1, 1]), "b": floats([2, 2])})
    changed = ranking.with_columns({"b": floats([3, 3]), "c": floats([4, 4])})
    assert {name: values[0, 0] for name, values in changed.columns.items()} == {"a": 1, "b": 3, "c": 4}


def test_ties_keep_their_order():
    ranking = Ranking(int_rows([5, 1, 9, 3, PAD]), floats([4, 3, 2, 1, 0]))
    assert ranking.sorted_by(floats([1, 2, 1, 2, 99])).rows.tolist() == [[1, 3, 5, 9, PAD]]


@given(rankings(), st.integers(0, 2**32 - 1))
def test_sorted_by_is_a_stable_sort_of_what_is_used(ranking, seed):
    scores = np.random.default_rng(seed).choice(floats(-np.inf, -1, 0, 2), ranking.rows.shape)
    ordered = ranking.sorted_by(scores)
    for before, after, keys in zip(ranking.rows, ordered.rows, scores, strict=True):
        num_used = (before != PAD).sum()
        expected = [before[place] for place in sorted(range(num_used), key=lambda place: -keys[place])]
        assert after.tolist() == expected + [PAD] * (len(before) - num_used)
    assert_columns_follow(ordered)


@given(rankings())
def test_sorting_by_its_own_scores_changes_nothing(ranking):
    scores = np.where(ranking.used, ranking.scores, 0).astype(np.float32)
    np.testing.assert_array_equal(ranking.sorted_by(scores).rows, ranking.rows)


def test_sorting_by_nan_is_refused():
    ranking = Ranking(int_rows([1, 2]), floats([2, 1]))
    with pytest.raises(ValueError, match="NaN"):
        ranking.sorted_by(floats([np.nan, 1]))


def test_scores_below_a_head_are_lowered_by_one_amount():
    # head [9.0, 0.5] over tail [0.8, 0.75]: 0.8 lies 0.3 above 0.5, so both fall by 0.3
    ranking = Ranking(int_rows([1, 2, 3, 4]), floats([1, 0.9, 0.8, 0.75]))
    joined = ranking.with_head(Ranking(int_rows([2, 1]), floats([9, 0.5])))
    assert joined.rows.tolist() == [[2, 1, 3, 4]]
    np.testing.assert_allclose(joined.scores, [[9, 0.5, 0.5, 0.45]], rtol=1e-6)


def test_scores_below_a_head_stay_where_they_fall_already():
    ranking = Ranking(int_rows([1, 2, 3]), floats([1, 0.9, 0.1]))
    joined = ranking.with_head(Ranking(int_rows([2, 1]), floats([0.7, 0.6])))
    np.testing.assert_array_equal(joined.scores, floats([0.7, 0.6, 0.1]))


def test_columns_of_the_head_are_unknown_below_it():
    ranking = Ranking(int_rows([1, 2, 3]), floats([3, 2, 1]), {"global": floats([3, 2, 1])})
    head = ranking.top(2).with_columns({"local": floats([5, 6])})
    joined = ranking.with_head(head)
    np.testing.assert_array_equal(joined.columns["global"], floats([3, 2, 1]))
    np.testing.assert_array_equal(joined.columns["local"], floats([5, 6, np.nan]))


@given(rankings(min_places=2), st.integers(1, 9), st.integers(0, 2**32 - 1))
@pytest.mark.filterwarnings("error")
def test_rows_below_the_head_keep_order_and_scores_fall(ranking, count, seed):
    scores = np.random.default_rng(seed).choice(floats(-1e6, -1, 0, 0.3), ranking.top(count).rows.shape)
    head = ranking.top(count).sorted_by(scores)
    joined = ranking.with_head(head)  # the constructor checks that scores fall and rows are unique
    np.testing.assert_array_equal(joined.rows[:, :count], head.rows)
    np.testing.assert_array_equal(joined.rows[:, count:], ranking.rows[:, count:])
    np.testing.assert_array_equal(joined.scores[:, :count], np.where(head.used, head.scores, -np.inf))
    np.testing.assert_array_equal(joined.used, ranking.used)
    assert_columns_follow(joined)


def test_rows_that_the_ranking_does_not_hold_come_in_with_the_head():
    # 7 and 9 are new; 2 moved to the front; 1, 3 and 4 follow in order, and 4 finds no place
    ranking = Ranking(
        int_rows([1, 2, 3, 4, 5]), floats([5, 4, 3, 2, 1]), {"global": floats([50, 40, 30, 20, 10])}
    )
    head = Ranking(
        int_rows([7, 2, 9]),
        floats([9, 8, 7]),
        {"global": floats([70, 40, 90]), "local": floats([0.7, 0.2, 0.9])},
    )
    joined = ranking.with_head(head)
    assert joined.rows.tolist() == [[7, 2, 9, 1, 3]]
    assert joined.scores.tolist() == [[9, 8, 7, 5, 3]]
    assert joined.columns["global"].tolist() == [[70, 40, 90, 50, 30]]
    np.testing.assert_array_equal(joined.columns["local"], floats([0.7, 0.2, 0.9, np.nan, np.nan]))


def test_a_head_wider_than_the_ranking_widens_it():
    joined = Ranking(int_rows([1, 2]), floats([2, 1])).with_head(
        Ranking(int_rows([3, 2, 4, PAD]), floats([9, 8, 7, -np.inf]))
    )
    assert joined.rows.tolist() == [[3, 2, 4, 1]]
    assert joined.scores.tolist() == [[9, 8, 7, 2]]


def test_padding_goes_behind_all_rows_of_a_query():
    ranking = Ranking(
        int_rows([1, 2, PAD], [4, PAD, PAD], [PAD, PAD, PAD]),
        floats([2, 1, -np.inf], [4, np.nan, 0], [0, 0, 0]),
        {"global": floats([2, 1, np.nan], [4, np.nan, np.nan], [np.nan] * 3)},
    )
    head = Ranking(
        int_rows([3, PAD], [4, 5], [PAD, PAD]),
        floats([9, 0], [9, 8], [0, 0]),
        {"global": floats([9, np.nan], [9, 8], [np.nan] * 2)},
    )
    joined = ranking.with_head(head)
    assert joined.rows.tolist() == [[3, 1, 2], [4, 5, PAD], [PAD, PAD, PAD]]
    assert joined.scores.tolist() == [[9, 2, 1], [9, 8, -np.inf], [-np.inf] * 3]
    np.testing.assert_array_equal(joined.columns["global"], floats([9, 2, 1], [9, 8, np.nan], [np.nan] * 3))


@given(rankings(), rankings())
@pytest.mark.filterwarnings("error")
def test_any_head_is_kept_whole_and_what_it_lacks_follows(ranking, head):
    count = min(len(ranking.rows), len(head.rows))
    ranking, head = (
        Ranking(one.rows[:count], one.scores[:count], {"column": one.columns["column"][:count]})
        for one in (ranking, head)
    )
    joined = ranking.with_head(head)  # the constructor checks that scores fall and rows are unique
    width = max(ranking.rows.shape[1], head.rows.shape[1])
    for before, front, after in zip(ranking.rows, head.rows, joined.rows, strict=True):
        front = [row for row in front if row != PAD]
        expected = (front + [row for row in before if row != PAD and row not in front])[:width]
        assert after.tolist() == expected + [PAD] * (width - len(expected))
    counts = head.used.sum(axis=1)
    for scores, given_scores, kept in zip(joined.scores, head.scores, counts, strict=True):
        np.testing.assert_array_equal(scores[:kept], given_scores[:kept])
    assert_columns_follow(joined)


@given(rankings(min_places=2), st.integers(1, 9))
def test_an_unchanged_head_changes_nothing(ranking, count):
    joined = ranking.with_head(ranking.top(count))
    np.testing.assert_array_equal(joined.rows, ranking.rows)
    np.testing.assert_array_equal(joined.scores[ranking.used], ranking.scores[ranking.used])
