"""Rankings held against a truth by id: in its order, in its rows, and nothing unknown goes unsaid."""

import numpy as np
import pytest

from evaluate.errors import EvaluationError
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.ranking_files import read_rankings
from evaluate.rankings import Rankings
from evaluate.truth import Truth

NOTHING = np.empty(0, dtype=np.int64)


def rows_of(*groups):
    return tuple(np.array(group, dtype=np.int64) for group in groups)


def known_of(*, is_whole=False, labels=None, rows=(0, 1, 2), ignored=((), ()), **fields):
    """q1 is answered by a, q2 by b and c."""
    images = ImageIndex(("a", "b", "c"), rows, labels)
    truth = Truth(
        ("q1", "q2"), rows_of(rows[:1], rows[1:]), rows_of(*ignored), ("", ""), **fields.pop("truth", {})
    )
    return GroundTruth(truth, images, is_whole, "truth.csv", **fields)


def answers(ranked, scores=None):
    return Rankings.from_ids(list(ranked), list(ranked.values()), scores, "r.csv")


class TestRows:
    def test_rankings_come_in_the_order_of_the_truth(self):
        rows = known_of().hold(answers({"q2": ["c", "a"], "q1": ["b"]})).given_rows
        assert rows.tolist() == [[1, -1], [2, 0]]

    def test_rows_of_the_index_may_have_gaps(self):
        rows = known_of(rows=(4, 7, 9)).hold(answers({"q1": ["b", "x"], "q2": ["c"]})).given_rows
        # The unknown image gets the first row behind the last one.
        assert rows.tolist() == [[7, 10], [9, -1]]

    def test_a_missing_query_is_a_row_without_an_answer(self):
        held = known_of().hold(answers({"q2": ["c", "a"]}))
        assert held.rows.tolist() == [[-1, -1], [2, 0]]
        assert held.outcome.hits.tolist() == [[False, False], [True, False]]
        assert held.outcome.num_answers.tolist() == [0, 2]
        assert held.outcome.num_relevant.tolist() == [1, 2]

    def test_passed_over_queries_are_left_away(self):
        known = known_of(passed_over=frozenset({"q9"}))
        assert known.hold(answers({"q9": ["a"], "q1": ["b"]})).given_rows.tolist() == [[1], [-1]]

    def test_ids_come_back_unknown_ones_too(self):
        known = known_of(rows=(4, 7, 9))
        held = known.hold(answers({"q2": ["y", "c", "x"], "q1": ["x"]}))
        assert known.ids_of(held, 1, 2) == ("y", "c")
        assert known.ids_of(held, 1, 9) == ("y", "c", "x")
        assert known.ids_of(held, 0, 3) == ("x",)


class TestWhatIsKnown:
    def test_labels_vote_only_where_the_whole_index_has_them(self):
        rankings = answers({"q1": ["b", "a"], "q2": ["c"]})
        whole = known_of(is_whole=True, labels=("1", "2", "2"), query_labels=("1", "2")).hold(rankings)
        assert whole.outcome.labels.names == ("1", "2")
        assert whole.outcome.labels.neighbours.tolist() == [[1, 0], [1, -1]]
        assert known_of(labels=("1", "2", "2"), query_labels=("1", "2")).hold(rankings).outcome.labels is None
        assert known_of(is_whole=True, labels=("1", "2", "2")).hold(rankings).outcome.labels is None
        assert known_of(is_whole=True, query_labels=("1", "2")).hold(rankings).outcome.labels is None

    def test_confidences_are_first_scores_and_ties_go_by_query_id(self):
        held = known_of().hold(answers({"q2": ["c", "a"], "q1": ["b"]}, [[0.5, 0.25], [0.75]]))
        np.testing.assert_array_equal(held.scores, [[0.75, np.nan], [0.5, 0.25]])
        assert held.outcome.confidences.values.tolist() == [0.75, 0.5]
        assert held.outcome.confidences.tie_order.tolist() == [0, 1]

    def test_a_query_without_an_answer_has_no_confidence(self):
        held = known_of().hold(answers({"q2": ["c"]}, [[0.5]]))
        assert held.outcome.confidences.values.tolist() == [-np.inf, 0.5]
        held = known_of().hold(answers({"q1": [], "q2": []}, [[], []]))
        assert held.outcome.confidences.values.tolist() == [-np.inf, -np.inf]

    def test_without_scores_there_are_no_confidences(self):
        held = known_of().hold(answers({"q1": ["a"]}))
        assert held.scores is None
        assert held.outcome.confidences is None

    def test_junk_leaves_with_its_score_and_its_confidence(self):
        known = known_of(ignored=([1], []), truth={"closes_up": True})
        held = known.hold(answers({"q1": ["b", "a"], "q2": ["c"]}, [[0.9, 0.5], [0.25]]))
        assert held.rows.tolist() == [[0, -1], [2, -1]]
        np.testing.assert_array_equal(held.scores, [[0.5, np.nan], [0.25, np.nan]])
        assert held.outcome.confidences.values.tolist() == [0.5, 0.25]
        assert held.outcome.hits.tolist() == [[True, False], [True, False]]

    def test_junk_stays_in_the_rankings_as_given_and_among_the_answers(self):
        known = known_of(ignored=([1], []), truth={"closes_up": True})
        held = known.hold(answers({"q1": ["b"], "q2": ["c", "x"]}, [[0.9], [0.5, 0.25]]))
        assert (held.rows.tolist(), held.given_rows.tolist()) == ([[-1, -1], [2, 3]], [[1, -1], [2, 3]])
        np.testing.assert_array_equal(held.given_scores, [[0.9, np.nan], [0.5, 0.25]])
        assert held.outcome.num_answers.tolist() == [1, 2]
        # What closes up is no longer the first answer.
        assert held.outcome.confidences.values.tolist() == [-np.inf, 0.5]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ("id,images\nq1,a\nq3,a\n", 3),
            ("query,id,rank\nq1,a,1\nq1,b,2\nq3,a,1\n", 4),
            ("q1 Q0 a 1 1 t\nq3 Q0 a 1 1 t\n", 2),
            ("q3 a\nq1 a\n", 1),
            ('{"q1": [],\n"q3": []}', 2),
        ],
    )
    def test_an_unknown_query_is_told_with_its_line(self, tmp_path, content, line):
        path = tmp_path / "r"
        path.write_text(content)
        with pytest.raises(EvaluationError) as caught:
            known_of().hold(read_rankings(path))
        assert str(caught.value) == (
            f"{path}, line {line}: the query 'q3' is not in truth.csv; "
            "take it out of the rankings or give the truth that asks about it"
        )

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ("id,images\nq2,a\nq1,a x\n", 3),
            # Where each image has a line, it is that of the image.
            ("query,id,rank\nq1,a,1\nq2,x,2\nq2,b,1\nq1,x,2\n", 5),
            ("q1 Q0 a 1 2 t\nq2 Q0 b 1 1 t\nq1 Q0 x 1 1 t\n", 3),
            ("q1 a\nq2 b\n\nq1 x\n", 4),
        ],
    )
    def test_an_unknown_image_is_told_with_its_line(self, tmp_path, content, line):
        path = tmp_path / "r"
        path.write_text(content)
        with pytest.raises(EvaluationError) as caught:
            known_of(is_whole=True).hold(read_rankings(path))
        assert str(caught.value) == (
            f"{path}, line {line}: the image 'x' (query 'q1') is not in truth.csv; "
            "use the truth of the collection that was searched"
        )

    def test_rankings_of_another_collection_are_told_as_such(self):
        with pytest.raises(EvaluationError) as caught:
            known_of(is_whole=True).hold(answers({"q1": ["x", "y"], "q2": ["x"]}))
        assert str(caught.value) == (
            "r.csv: the image 'x' (query 'q1') is not in truth.csv; "
            "none of the ranked images is, so these are rankings of another collection"
        )

    def test_rankings_that_answer_no_query_are_told(self):
        known = known_of(passed_over=frozenset({"q9"}))
        with pytest.raises(EvaluationError) as caught:
            known.hold(answers({"q9": ["a"]}))
        assert str(caught.value) == (
            "r.csv answers none of the queries of truth.csv, such as 'q1'; give the rankings of these queries"
        )


class TestIndex:
    def test_images_are_numbered_as_they_come_each_once(self):
        index = ImageIndex.of(["b", "a", "b"])
        assert (index.ids, index.rows, index.labels, index.end) == (("b", "a"), (0, 1), None, 2)
        assert (index.row_of_id["a"], index.id_of_row[0]) == (1, "b")

    def test_an_empty_index_ends_at_its_start(self):
        assert ImageIndex.of([]).end == 0

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ((("a", "a"), (0, 1)), "each image once"),
            ((("a", "b"), (0,)), "a row for each"),
            ((("a",), (0,), ("1", "2")), "labels must be 1, got 2"),
        ],
    )
    def test_fields_that_do_not_fit_are_a_bug(self, fields, message):
        with pytest.raises(ValueError, match=message):
            ImageIndex(*fields)

    def test_an_image_with_two_labels_is_a_bug(self):
        with pytest.raises(ValueError, match="each image once"):
            ImageIndex.of(["a", "a"], ["1", "2"])
