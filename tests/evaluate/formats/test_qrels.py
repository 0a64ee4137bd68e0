"""The graded truth of TREC, read as pytrec_eval reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import qrels

words = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1).filter(
    lambda text: text.split() == [text]
)


def test_judgements_are_gathered_by_query(tmp_path):
    path = tmp_path / "qrels.txt"
    path.write_bytes(b"\xef\xbb\xbfq 0 a 2\r\nr 0 a 1\r\nq 0 b -1\r\nq 0 c 0\r\n")
    # -1 is as much as 0: not relevant.
    assert list(qrels.records(path)) == [(1, "q", ("a", "b", "c"), (2, 0, 0)), (2, "r", ("a",), (1,))]


@given(st.dictionaries(words, st.dictionaries(words, st.integers(0, 9), min_size=1), min_size=1))
def test_pytrec_eval_and_we_read_what_is_written(tmp_path_factory, judgements):
    pytrec_eval = pytest.importorskip("pytrec_eval")
    path = tmp_path_factory.getbasetemp() / "qrels.txt"
    qrels.write(path, ((query, list(images), list(images.values())) for query, images in judgements.items()))
    with path.open(encoding="utf-8", newline="\n") as file:
        assert pytrec_eval.parse_qrel(file) == judgements
    read = {query: dict(zip(images, grades, strict=True)) for _, query, images, grades in qrels.records(path)}
    assert read == judgements


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("\n\n", " holds no truth; it must have a line for each judged image"),
        (
            "q Q0 a 1 0.5 t\n",
            ", line 1: the line of 'q' has 6 column(s) where 4 are expected (query 0 image relevance); "
            "names must not hold white space",
        ),
        (
            "q 0 a 1.5\n",
            ", line 1: the relevance of the image 'a' (query 'q') must be an integer, got '1.5'",
        ),
        (
            "q 0 a 1\nq 0 a 0\n",
            ", line 2: the image 'a' was already judged for the query 'q' on line 1; keep one of the two",
        ),
    ],
)
def test_a_fault_is_told_with_file_line_and_id(tmp_path, content, sentence):
    path = tmp_path / "qrels.txt"
    path.write_text(content)
    with pytest.raises(EvaluationError) as caught:
        list(qrels.records(path))
    assert str(caught.value) == f"{path}{sentence}"


def test_an_id_with_white_space_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match="the id 'a b'"):
        qrels.write(tmp_path / "qrels.txt", [("q", ["a b"], [1])])


def test_relevances_must_match_images(tmp_path):
    with pytest.raises(ValueError, match="shorter"):
        qrels.write(tmp_path / "qrels.txt", [("q", ["a", "b"], [1])])
