"""The long table: records in any order become rankings, or one sentence names file, line and id."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import long_form
from evaluate.formats.submission import write_long

identifiers = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1)


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "long.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_the_rank_decides_whatever_the_order_of_records(table):
    path = table("score,rank,id,query\n0.5,2,b,q2\n0.1,1,x,q1\n0.9,1,a,q2\n0.2,3,b,q2\n")
    # The image b is there twice for q2: the metrics say what that means. Rank 3 has the score 0.2.
    assert list(long_form.records(path)) == [
        (2, "q2", ("a", "b", "b"), (0.9, 0.5, 0.2)),
        (3, "q1", ("x",), (0.1,)),
    ]


def test_scores_are_optional(table):
    assert list(long_form.records(table("query,id,rank\nq,a,1\n"))) == [(2, "q", ("a",), None)]
    assert list(long_form.records(table("query,id,rank,score\nq,a,1,\n"))) == [(2, "q", ("a",), None)]


def test_a_file_of_another_system_is_taken(table):
    path = table(b'\xef\xbb\xbf"Query","ID","Rank"\r\n\r\nmy photo,"a,b",01\r\n')
    assert list(long_form.records(path)) == [(3, "my photo", ("a,b",), None)]


def test_infinite_scores_are_scores(table):
    assert list(long_form.records(table("query,id,rank,score\nq,a,1,-inf\n"))) == [
        (2, "q", ("a",), (float("-inf"),))
    ]


# Each: the content, and the sentence after the file's name.
FAULTS = {
    "no record": ("query,id,rank\n", " holds no ranking; it must have a record for each ranked image"),
    "empty file": (
        "",
        ", line 1: the column 'query' is missing (found: nothing, the file is empty); "
        "the first line must name the columns query,id,rank",
    ),
    "empty query": (
        "query,id,rank\n,a,1\n",
        ", line 2: the query id is empty; every record needs one",
    ),
    "empty image": (
        "query,id,rank\nq,,1\n",
        ", line 2: the image id is empty (query 'q'); every record needs one",
    ),
    "rank zero": (
        "query,id,rank\nq,a,0\n",
        ", line 2: the rank of the image 'a' (query 'q') must be a positive integer, got '0'",
    ),
    "rank with a fraction": (
        "query,id,rank\nq,a,1.0\n",
        ", line 2: the rank of the image 'a' (query 'q') must be a positive integer, got '1.0'",
    ),
    "rank out of this world": (
        "query,id,rank\nq,a,99999999999999999999\n",
        ", line 2: the rank of the image 'a' (query 'q') must be a positive integer, "
        "got '99999999999999999999'",
    ),
    "rank twice": (
        "query,id,rank\nq,a,1\nr,a,1\nq,b,1\n",
        ", line 4: the query 'q' has the rank 1 a second time, first on line 2; "
        "its ranks must be 1 to 2, each once",
    ),
    "lost record": (
        "query,id,rank\nq,a,1\nq,c,3\n",
        ", line 3: the query 'q' has the rank 3 but no rank 2; "
        "its ranks must be 1, 2, 3 and so on, so look for lost records",
    ),
    "lost first record": (
        "query,id,rank\nq,b,2\n",
        ", line 2: the query 'q' has the rank 2 but no rank 1; "
        "its ranks must be 1, 2, 3 and so on, so look for lost records",
    ),
    "NaN": (
        "query,id,rank,score\nq,a,1,1\nq,b,2,NaN\n",
        ", line 3: the score of the image 'b' (query 'q') must be a number, got 'NaN'",
    ),
    "no number": (
        "query,id,rank,score\nq,a,1,1_0\n",
        ", line 2: the score of the image 'a' (query 'q') must be a number, got '1_0'",
    ),
    "score missing": (
        "query,id,rank,score\nq,a,1,1\nq,b,2,\n",
        ", line 3: the image 'b' (query 'q') is the first without a score; "
        "give a score to all images or to none",
    ),
    "score only later": (
        "query,id,rank,score\nq,a,1,\nq,b,2,1\n",
        ", line 3: the image 'b' (query 'q') is the first with a score; "
        "give a score to all images or to none",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_line_and_id(table, fault):
    content, sentence = FAULTS[fault]
    path = table(content)
    with pytest.raises(EvaluationError) as caught:
        list(long_form.records(path))
    assert str(caught.value) == f"{path}{sentence}"


rankings = st.dictionaries(
    identifiers, st.lists(st.tuples(identifiers, st.floats(allow_nan=False)), min_size=1), min_size=1
)


@given(rankings, st.randoms(use_true_random=False))
def test_what_is_written_is_read_back_in_any_order_of_lines(
    tmp_path_factory, answers, shuffler: random.Random
):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    ids = [[image for image, _ in answer] for answer in answers.values()]
    scores = [[score for _, score in answer] for answer in answers.values()]
    write_long(path, list(answers), ids, scores)
    expected = {query: (tuple(i), tuple(s)) for query, i, s in zip(answers, ids, scores, strict=True)}
    read = {query: (images, values) for _, query, images, values in long_form.records(path)}
    assert read == expected
    header, *lines = path.read_bytes().splitlines(keepends=True)
    shuffler.shuffle(lines)
    path.write_bytes(b"".join([header, *lines]))
    assert {query: (images, values) for _, query, images, values in long_form.records(path)} == expected
