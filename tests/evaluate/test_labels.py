"""Labels become codes whose order is the order of labels."""

import numpy as np
import pytest

from evaluate.labels import Labels, ascending_labels


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["10", "9", "-3", "9"], ["-3", "9", "10"]),
        (["10", "9", "x"], ["10", "9", "x"]),  # one that is no number: all compare as strings
        (["1", "01"], ["01", "1"]),  # equal numbers, told apart as strings
        (["10", "9.5"], ["10", "9.5"]),
        (["2", "\u0663"], ["2", "\u0663"]),  # an Arabic digit is text
        (["9" * 5000, "10"], ["10", "9" * 5000]),  # longer than int() takes: text, and no error
        (["b", "", "a"], ["a", "b"]),
        ([], []),
    ],
)
def test_labels_compare_as_numbers_only_when_all_are_integers(labels, expected):
    assert ascending_labels(labels) == expected


class TestFromRows:
    ROWS = np.array([[7, 2, -1], [2, 7, 5]])
    ALL = np.ones((2, 3), dtype=bool)

    def test_each_ranked_row_gets_the_code_of_its_label(self):
        labels = Labels.from_rows(self.ROWS, self.ALL, ["9", "10"], {2: "10", 5: "", 7: "9"})
        assert labels.names == ("9", "10")
        assert labels.queries.tolist() == [0, 1]
        assert labels.neighbours.tolist() == [[0, 1, -1], [1, 0, -1]]

    def test_who_has_no_vote_gets_no_code(self):
        votes = np.array([[False, True, True], [True, False, True]])
        labels = Labels.from_rows(self.ROWS, votes, ["9", "10"], {2: "10", 5: "9", 7: "9"})
        assert labels.neighbours.tolist() == [[-1, 1, -1], [1, -1, 0]]

    def test_the_order_does_not_depend_on_who_was_found(self):
        # Row 99 is ranked by nobody, and yet its label makes all of them text: "10" < "9" < "abbey".
        labels = Labels.from_rows(self.ROWS, self.ALL, ["9", "10"], {2: "10", 5: "", 7: "9", 99: "abbey"})
        assert labels.names == ("10", "9", "abbey")

    def test_a_query_without_a_label_is_refused(self):
        with pytest.raises(ValueError, match="the query in place 1 has no label"):
            Labels.from_rows(self.ROWS, self.ALL, ["9", ""], {2: "1", 5: "1", 7: "1"})

    def test_a_row_of_another_database_is_refused(self):
        with pytest.raises(ValueError, match="the ranked row 5 is not in labels_by_row"):
            Labels.from_rows(self.ROWS, self.ALL, ["9", "9"], {2: "1", 7: "1"})


def test_select_keeps_the_codes():
    labels = Labels(("a", "b"), np.array([0, 1]), np.array([[1], [-1]]))
    chosen = labels.select(np.array([False, True]))
    assert (chosen.names, chosen.queries.tolist(), chosen.neighbours.tolist()) == (("a", "b"), [1], [[-1]])


@pytest.mark.parametrize(
    ("names", "queries", "neighbours", "message"),
    [
        (("b", "a"), [0], [[0]], "names must be distinct, ascending"),
        (("a", "a"), [0], [[0]], "names must be distinct, ascending"),
        (("", "a"), [0], [[0]], "names must be distinct, ascending and not empty"),
        (("a",), [[0]], [[0]], r"queries must be \(Q,\)"),
        (("a",), [0], [[0], [0]], r"rows must be \(1, K\)"),
        (("a",), [-1], [[0]], "codes must be from 0 to 0"),
        (("a",), [0], [[1]], "codes must be from -1 to 0"),
    ],
)
def test_contradictions_are_refused(names, queries, neighbours, message):
    with pytest.raises(ValueError, match=message):
        Labels(names, np.array(queries), np.array(neighbours))
