"""Predictions and truth of GLDv2 recognition survive a round trip, and a bad file or id is named."""

import csv
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import recognition

words = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1).filter(
    lambda text: text.split() == [text]
)
finite = st.floats(allow_nan=False, allow_infinity=False)
answer = st.tuples(words, finite) | st.just((None, -math.inf))


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "recognition.csv"
        path.write_text(content)
        return path

    return write


def refusal(call, *arguments):
    with pytest.raises(EvaluationError) as caught:
        list(call(*arguments) or ())
    return str(caught.value)


def test_a_prediction_is_a_pair_or_nothing(table):
    path = table("id,landmarks\nq1,8815 0.03\nq2,\nq3,  7  1e-3 \n")
    assert list(recognition.predictions(path)) == [
        (2, "q1", "8815", 0.03),
        (3, "q2", None, -math.inf),
        (4, "q3", "7", 0.001),
    ]


def test_truth_has_any_number_of_landmarks_and_leaves_out_the_ignored(table):
    path = table("id,landmarks,Usage\nq1,5 7,Public\nq2,,Private\nq3,None,Ignored\n")
    assert list(recognition.truth(path)) == [(2, "q1", ("5", "7"), "public"), (3, "q2", (), "private")]


def test_usage_is_optional(table):
    assert list(recognition.truth(table("ID,Landmarks\nq1,5\n"))) == [(2, "q1", ("5",), "")]


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("q,5", "has '5', which is not a pair; write a landmark, a space and its confidence, or nothing"),
        ("q,5 0.1 6 0.2", "has more than one pair ('5 0.1 6 0.2'); keep the most confident one"),
        ("q,5 nan", "has the confidence 'nan'; it must be a finite number"),
        ("q,5 inf", "has the confidence 'inf'; it must be a finite number"),
        ("q,5 high", "has the confidence 'high'; it must be a finite number"),
        ("q,5 0.5\nq,5 0.6", "was already given on line 2; keep one of the two"),
    ],
)
def test_a_bad_prediction_is_told_with_file_line_and_id(table, record, fault):
    path = table(f"id,landmarks\n{record}\n")
    line = record.count("\n") + 2
    assert refusal(recognition.predictions, path) == f"{path}, line {line}: the query 'q' {fault}"


@pytest.mark.parametrize("read", [recognition.predictions, recognition.truth])
def test_an_empty_id_and_an_empty_file_are_told(table, read):
    path = table("id,landmarks\n ,5 0.5\n")
    assert refusal(read, path) == f"{path}, line 2: the query id is empty; every record needs one"
    assert refusal(read, table("id,landmarks\n")) == f"{path} holds no query; it must have a record for each"


def test_a_bad_truth_is_told(table):
    path = table("id,landmarks\nq,5 6 5\n")
    assert refusal(recognition.truth, path) == (
        f"{path}, line 2: the query 'q' has the landmark '5' twice; keep one of the two"
    )
    assert refusal(recognition.truth, table("id,landmarks,usage\nq,5,ignored\n")) == (
        f"{path} holds no query that counts; it must have a record that is not marked Ignored"
    )


@given(st.dictionaries(words, answer, min_size=1))
def test_predictions_are_read_back(tmp_path_factory, answers):
    path = tmp_path_factory.getbasetemp() / "predictions.csv"
    recognition.write_predictions(path, ((query, *one) for query, one in answers.items()))
    assert {query: (label, sure) for _, query, label, sure in recognition.predictions(path)} == answers


@given(st.dictionaries(words, st.lists(words, unique=True), min_size=1))
def test_truth_is_read_back(tmp_path_factory, landmarks):
    path = tmp_path_factory.getbasetemp() / "truth.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [(query, " ".join(labels), "Public") for query, labels in landmarks.items()]
        csv.writer(file, lineterminator="\n").writerows([("id", "landmarks", "Usage"), *rows])
    read = {query: list(labels) for _, query, labels, usage in recognition.truth(path) if usage == "public"}
    assert read == landmarks


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([("q", "a b", 1.0)], "the id 'a b' (query 'q') is empty or holds white space"),
        ([("q", "a", math.nan)], "the query 'q' has the confidence nan; it must be a finite number"),
        ([("q", "a", 1.0), ("q", None, 0.0)], "the query 'q' is there twice; keep one of the two"),
    ],
)
def test_what_would_not_survive_is_not_written(tmp_path, answers, sentence):
    path = tmp_path / "predictions.csv"
    assert sentence in refusal(recognition.write_predictions, path, answers)
    assert not path.exists()
