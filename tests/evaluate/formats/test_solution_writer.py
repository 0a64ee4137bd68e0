"""The solution file of GLDv2 as we write it: read back it is the same, and what cannot be read is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats.solution import ignored_queries, read_solution
from evaluate.formats.solution_writer import write_solution

words = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1).filter(
    lambda text: text.split() == [text]
)
usages = st.sampled_from(["", "public", "private", "ignored", "val"])


def test_the_file_is_the_one_google_reads(tmp_path):
    path = tmp_path / "solution.csv"
    write_solution(
        path,
        [("q1", ("b", "a"), "public"), ("q2", (), "ignored"), ("q3", ["a,b"], "private"), ("q4", "c", "")],
    )
    assert path.read_bytes() == (
        b'id,images,Usage\nq1,b a,Public\nq2,None,Ignored\nq3,"a,b",Private\nq4,c,\n'
    )


@settings(max_examples=50)
@given(
    st.dictionaries(words, st.tuples(st.lists(words, min_size=1, unique=True), usages), min_size=1).filter(
        lambda truth: (
            any(usage != "ignored" for _, usage in truth.values())
            and all({query} != set(images) for query, (images, _) in truth.items())
        )
    )
)
def test_what_is_read_back_is_what_was_written(tmp_path_factory, truth):
    path = tmp_path_factory.getbasetemp() / "solution.csv"
    write_solution(path, ((query, images, usage) for query, (images, usage) in truth.items()))
    read = {record.query_id: (record.image_ids, record.usage) for record in read_solution(path)}
    assert read == {
        query: (tuple(image for image in images if image != query), usage)
        for query, (images, usage) in truth.items()
        if usage != "ignored"
    }
    assert ignored_queries(path) == {query for query, (_, usage) in truth.items() if usage == "ignored"}


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ([("q", ["a b"], "")], "the id 'a b' (query 'q') is empty or holds white space"),
        ([("", ["a"], "")], "the id '' (query '') is empty or holds white space"),
        ([(" q", ["a"], "")], "the id ' q' (query ' q') is empty or holds white space"),
        ([("q\0", [], "ignored")], "(query 'q\\x00') is empty or holds white space"),
        ([("q", ["a"], ""), ("q", [], "ignored")], "the query 'q' is there twice; keep one of the two"),
        ([("q", ["a", "b", "a"], "")], "the query 'q' names the image 'a' twice; keep one of the two"),
        ([("q", [], "")], "the query 'q' has no relevant image besides itself"),
        ([("q", ["q"], "")], "the query 'q' has no relevant image besides itself"),
        ([("q", ["a"], "ignored")], "would hold no query that counts"),
        ([], "would hold no query that counts"),
    ],
)
def test_what_could_not_be_read_back_is_refused_and_nothing_is_written(tmp_path, records, sentence):
    path = tmp_path / "solution.csv"
    with pytest.raises(EvaluationError) as caught:
        write_solution(path, [("first", ["a"], ""), *records] if "counts" not in sentence else records)
    assert str(caught.value).startswith(str(path))
    assert sentence in str(caught.value)
    assert list(tmp_path.iterdir()) == []
