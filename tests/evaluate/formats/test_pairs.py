"""The pairs of hloc: a query and an image a line, best first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import pairs
from evaluate.rankings import Rankings

words = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1).filter(
    lambda text: text.split() == [text]
)


def test_the_order_of_lines_is_the_ranking(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_bytes(
        b"query/1.jpg db/2.jpg\r\nquery/2.jpg db/1.jpg\nquery/1.jpg db/1.jpg\nquery/1.jpg db/2.jpg"
    )
    assert list(pairs.records(path)) == [
        (1, "query/1.jpg", ("db/2.jpg", "db/1.jpg", "db/2.jpg"), None),
        (2, "query/2.jpg", ("db/1.jpg",), None),
    ]


@given(st.dictionaries(words, st.lists(words, min_size=1), min_size=1))
def test_what_is_written_is_read_back(tmp_path_factory, answers):
    path = tmp_path_factory.getbasetemp() / "pairs.txt"
    pairs.write(path, Rankings.from_ids(list(answers), list(answers.values())))
    assert {query: list(images) for _, query, images, _ in pairs.records(path)} == answers


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", " holds no ranking; it must have a line 'query image' for each pair"),
        (
            "a b\nmy photo.jpg c\n",
            ", line 2: the line of 'my' has 3 column(s) where 2 are expected (query image); "
            "names must not hold white space",
        ),
    ],
)
def test_a_fault_is_told_with_file_and_line(tmp_path, content, sentence):
    path = tmp_path / "pairs.txt"
    path.write_text(content)
    with pytest.raises(EvaluationError) as caught:
        list(pairs.records(path))
    assert str(caught.value) == f"{path}{sentence}"


def test_a_name_with_white_space_is_refused(tmp_path):
    path = tmp_path / "pairs.txt"
    with pytest.raises(EvaluationError, match="the id 'my photo'"):
        pairs.write(path, Rankings.from_ids(["my photo"], [["a"]]))
    assert not path.exists()
