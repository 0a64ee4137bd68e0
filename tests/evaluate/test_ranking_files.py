"""Rankings of any kind of file become the same rankings, and faults name file, line and id."""

import math

import numpy as np
import pytest

from evaluate.errors import EvaluationError
from evaluate.ranking_files import read_rankings

# The same rankings, q1: a x b and q2: b, in every kind that holds images; then whether it has scores.
KINDS = {
    "submission": ("id,images\nq1,a x b\nq2,b\n", False),
    "long with scores": ("query,id,rank,score\nq1,x,2,2\nq2,b,1,9\nq1,b,3,1\nq1,a,1,3\n", True),
    "long": ("query,id,rank\nq1,x,2\nq2,b,1\nq1,b,3\nq1,a,1\n", False),
    "TREC run": ("q1 Q0 b 1 1 t\nq2 Q0 b 1 9 t\nq1 Q0 a 1 3 t\nq1 Q0 x 1 2 t\n", True),
    "pairs": ("q1 a\nq2 b\nq1 x\nq1 b\n", False),
    "JSON lists": ('{"q1": ["a", "x", "b"], "q2": ["b"]}', False),
    "JSON scores": ('{"q1": {"b": 1, "x": 2, "a": 3}, "q2": {"b": 9}}', True),
}


@pytest.fixture
def saved(tmp_path):
    def save(content):
        path = tmp_path / "given"
        path.write_text(content)
        return path

    return save


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_rankings(saved, kind):
    content, has_scores = KINDS[kind]
    rankings = read_rankings(saved(content))
    assert rankings.query_ids == ("q1", "q2")
    assert [rankings.ids_of(place) for place in range(2)] == [("a", "x", "b"), ("b",)]
    if has_scores:
        np.testing.assert_array_equal(rankings.scores, [[3, 2, 1], [9, np.nan, np.nan]])
    else:
        assert rankings.scores is None


def test_a_prediction_is_a_ranking_of_one_landmark(saved):
    rankings = read_rankings(saved("id,landmarks\nq1,7 0.5\nq2,\n"))
    assert rankings.query_ids == ("q1", "q2")
    assert (rankings.ids_of(0), rankings.ids_of(1)) == (("7",), ())
    assert rankings.scores[0].tolist() == [0.5]
    assert math.isnan(rankings.scores[1, 0])


def test_scores_of_some_queries_only_are_no_scores(saved):
    rankings = read_rankings(saved('{"q1": {"a": 1}, "q2": ["b"]}'))
    assert rankings.scores is None
    assert rankings.ids_of(1) == ("b",)


@pytest.mark.parametrize(
    ("content", "line", "line_of_image"),
    [
        # Where a query has one line, its images stand there too.
        ("id,images\nq1,a b\nq2,a c\n", 3, 3),
        ("query,id,rank\nq2,a,1\nq1,c,1\nq2,c,2\n", 2, 4),
        ("q2 Q0 a 1 2 t\nq1 Q0 c 1 1 t\nq2 Q0 c 2 1 t\n", 1, 3),
        ("q2 a\n\nq1 c\nq2 c\n", 1, 4),
        ('{"q1": ["c"],\n"q2": ["a", "c"]}', 2, 2),
        ("id,landmarks\nq1,c 1\nq2,c 1\n", 3, 3),
    ],
)
def test_the_line_of_a_query_and_of_its_image_is_found(saved, content, line, line_of_image):
    path = saved(content)
    rankings = read_rankings(path)
    assert rankings.place("q2") == f"{path}, line {line}"
    assert rankings.place("q2", "c") == f"{path}, line {line_of_image}"
    assert rankings.place("q3") == str(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("id,images\n", " holds no ranking; it must have a record for each query"),
        ("id,images\nq,a\nq,b\n", ", line 3: the query 'q' was already given on line 2; keep one of the two"),
        ("id,label\nq,a\n", " is of no known kind, its first line is 'id,label'; rankings are CSV"),
        ("q Q0 a 1 nan t\n", ", line 1: the score of the image 'a' (query 'q') must be a number, got 'nan'"),
        ("query,id,rank\nq,a,2\n", ", line 2: the query 'q' has the rank 2 but no rank 1"),
    ],
)
def test_a_fault_is_told_with_file_line_and_id(saved, content, sentence):
    path = saved(content)
    with pytest.raises(EvaluationError) as caught:
        read_rankings(path)
    assert str(caught.value).startswith(f"{path}{sentence}")
