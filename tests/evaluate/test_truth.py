"""What is correct for a query, from labels, and where it stands in a ranking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.truth import Truth


def rows_of(*groups):
    return tuple(np.array(group, dtype=np.int64) for group in groups)


def truth_of(*relevant):
    names = tuple(f"q{place}" for place in range(len(relevant)))
    return Truth(names, rows_of(*relevant), rows_of(*[[]] * len(relevant)), ("",) * len(relevant))


class TestHits:
    def test_a_repeated_row_counts_once_and_padding_never(self):
        truth = truth_of([3, 5], [0])
        hits = truth.hits(np.array([[3, 9, 3, 5], [-1, 0, -1, -1]]))
        assert hits.tolist() == [[True, False, False, True], [False, True, False, False]]

    def test_a_query_without_relevant_rows_has_no_hit(self):
        assert not truth_of([], [1]).hits(np.array([[0], [0]])).any()

    def test_rankings_of_no_ranks_are_legal(self):
        assert truth_of([1], [2]).hits(np.empty((2, 0), dtype=np.int64)).shape == (2, 0)

    @given(st.data())
    def test_hits_are_those_of_a_plain_loop(self, data):
        row = st.integers(0, 7)
        relevant = data.draw(st.lists(st.sets(row), min_size=1, max_size=4))
        width = data.draw(st.integers(0, 6))
        ranking = st.lists(st.integers(-1, 7), min_size=width, max_size=width)
        rankings = data.draw(st.lists(ranking, min_size=len(relevant), max_size=len(relevant)))
        expected = []
        for wanted, ranked in zip(relevant, rankings, strict=True):
            left = set(wanted)
            expected.append([])
            for one in ranked:
                expected[-1].append(one in left)
                left.discard(one)
        table = np.array(rankings, dtype=np.int64).reshape(len(relevant), width)
        assert truth_of(*map(sorted, relevant)).hits(table).tolist() == expected


class TestFields:
    def test_rows_are_sorted_and_int64(self):
        truth = Truth(("q",), (np.array([7, 2], dtype=np.int32),), rows_of([1]), ("",))
        assert truth.relevant[0].tolist() == [2, 7]
        assert truth.relevant[0].dtype == np.int64

    def test_num_relevant_counts_each_query(self):
        assert truth_of([3, 5], [0], []).num_relevant.tolist() == [2, 1, 0]

    def test_select_keeps_order_and_every_field(self):
        truth = Truth(("a", "b", "c"), rows_of([0], [1], [2]), rows_of([5], [6], [7]), ("x", "", "y"))
        chosen = truth.select(np.array([True, False, True]))
        assert chosen.query_ids == ("a", "c")
        assert [rows.tolist() for rows in chosen.relevant] == [[0], [2]]
        assert [rows.tolist() for rows in chosen.ignored] == [[5], [7]]
        assert chosen.usages == ("x", "y")

    def test_ignored_rows_are_marked(self):
        truth = Truth(("a", "b"), rows_of([0], [1]), rows_of([5], []), ("", ""))
        assert truth.is_ignored(np.array([[5, 0], [5, 1]])).tolist() == [[True, False], [False, False]]

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (((), (), (), ()), "at least one query"),
            ((("a", "a"), rows_of([0], [0]), rows_of([], []), ("", "")), "each query once"),
            ((("a",), rows_of([0], [1]), rows_of([]), ("",)), "relevant must have 1 entries, got 2"),
            ((("a",), rows_of([0]), (), ("",)), "ignored must have 1 entries, got 0"),
            ((("a",), rows_of([0]), rows_of([]), ()), "usages must have 1 entries, got 0"),
            ((("a",), rows_of([0, 0]), rows_of([]), ("",)), "0 or more, each once"),
            ((("a",), rows_of([-1, 0]), rows_of([]), ("",)), "0 or more, each once"),
            ((("a",), (np.array([0.5]),), rows_of([]), ("",)), "a list of integers, got float64"),
            ((("a",), rows_of([[0]]), rows_of([]), ("",)), r"a list of integers, got int64 \(1, 1\)"),
            ((("a",), rows_of([3]), rows_of([3]), ("",)), "both relevant and ignored for the query 'a'"),
        ],
    )
    def test_contradictions_are_refused(self, fields, message):
        with pytest.raises(ValueError, match=message):
            Truth(*fields)

    def test_easy_rows_are_sorted_and_must_be_relevant(self):
        names, relevant, nothing = ("a", "b"), rows_of([3, 5], [1]), rows_of([], [])
        truth = Truth(names, relevant, nothing, ("", ""), easy=rows_of([5, 3], []))
        assert [rows.tolist() for rows in truth.easy] == [[3, 5], []]
        with pytest.raises(ValueError, match="the easy rows must be relevant ones"):
            # Row 3 is relevant for a alone.
            Truth(names, relevant, nothing, ("", ""), easy=rows_of([5], [3]))

    def test_an_index_has_at_least_the_images_that_are_named(self):
        fields = (("a", "b"), rows_of([0], [3, 5]), rows_of([], [1]), ("", ""))
        assert Truth(*fields, num_images=3).num_images == 3
        with pytest.raises(ValueError, match="the query 'b' has more rows than there are images"):
            Truth(*fields, num_images=2)


class TestFromLabels:
    # Rows need not be 0..n-1: removed images leave gaps.
    DATABASE = ([10, 4, 7, 9], ["w", "x", "y", "z"], ["tower", "bridge", "tower", ""])

    def test_rows_of_the_same_label_are_relevant(self):
        truth = Truth.from_labels(["q", "r"], ["tower", "bridge"], *self.DATABASE)
        assert [rows.tolist() for rows in truth.relevant] == [[7, 10], [4]]
        assert truth.usages == ("", "")

    def test_the_query_itself_is_not_relevant_but_ignored(self):
        truth = Truth.from_labels(["y", "q"], ["tower", "tower"], *self.DATABASE)
        assert [rows.tolist() for rows in truth.relevant] == [[10], [7, 10]]
        assert [rows.tolist() for rows in truth.ignored] == [[7], []]

    def test_queries_of_one_label_share_memory(self):
        truth = Truth.from_labels(["q", "r"], ["tower", "tower"], *self.DATABASE)
        assert truth.relevant[0] is truth.relevant[1]
        assert not truth.relevant[0].flags.writeable

    def test_usages_are_kept(self):
        truth = Truth.from_labels(["q"], ["tower"], *self.DATABASE, usages=["public"])
        assert truth.usages == ("public",)

    @pytest.mark.parametrize(
        ("ids", "labels", "sentence"),
        [
            ([], [], "there is no query to evaluate; give at least one that has a label"),
            (
                ["q", "r"],
                ["tower", ""],
                "the query 'r' has no label; leave such queries out of the evaluation",
            ),
            (["q", "q"], ["tower", "tower"], "the query 'q' is there twice; keep one of the two"),
            (
                ["q", "r"],
                ["tower", "abbey"],
                "the query 'r' has no relevant image: no other database image has the label 'abbey'; "
                "add one to the database or leave the query out",
            ),
            (
                ["x"],
                ["bridge"],
                "the query 'x' has no relevant image: no other database image has the label 'bridge'; "
                "add one to the database or leave the query out",
            ),
        ],
    )
    def test_a_query_that_cannot_be_scored_is_named(self, ids, labels, sentence):
        with pytest.raises(EvaluationError) as caught:
            Truth.from_labels(ids, labels, *self.DATABASE)
        assert str(caught.value) == sentence

    def test_a_repeated_database_image_is_named(self):
        with pytest.raises(
            EvaluationError, match="the database image 'x' is there twice; keep one of the two"
        ):
            Truth.from_labels(["q"], ["a"], [0, 1], ["x", "x"], ["a", "a"])

    def test_columns_of_unequal_length_are_refused(self):
        with pytest.raises(ValueError, match="shorter"):
            Truth.from_labels(["q"], ["a"], [0, 1], ["x", "y"], ["a"])
