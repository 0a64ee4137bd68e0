"""Rankings as JSON: lists or scores, read entry by entry with the line of each."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import json_rankings
from evaluate.rankings import Rankings

identifiers = st.text(st.characters(codec="utf-8"), min_size=1)
finite = st.floats(allow_nan=False, allow_infinity=False)


def read(path):
    return list(json_rankings.records(path))


def refusal(call, *arguments):
    with pytest.raises(EvaluationError) as caught:
        call(*arguments)
    return str(caught.value)


def test_lists_are_taken_as_they_stand(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b'\xef\xbb\xbf\n{"q": ["b", "a", "b"],\r\n\n "r" : [ ]}\n')
    assert read(path) == [(2, "q", ("b", "a", "b"), None), (4, "r", (), None)]


def test_scores_are_put_in_order_and_ties_stay_as_they_stand(tmp_path):
    # ranx 0.3.20 gives a, b, c, d for this run as well.
    path = tmp_path / "run.json"
    path.write_text('{"q": {"b": 1, "a": 2.0, "c": 1.0, "d": 1}}')
    assert read(path) == [(1, "q", ("a", "b", "c", "d"), (2.0, 1.0, 1.0, 1.0))]


@given(st.dictionaries(identifiers, st.lists(identifiers), min_size=1))
def test_what_is_written_is_read_back(tmp_path_factory, answers):
    path = tmp_path_factory.getbasetemp() / "lists.json"
    json_rankings.write(path, Rankings.from_ids(list(answers), list(answers.values())))
    assert json.loads(path.read_bytes()) == answers
    assert {query: list(images) for _, query, images, _ in read(path)} == answers


@given(st.dictionaries(identifiers, st.dictionaries(identifiers, finite), min_size=1))
def test_what_is_written_with_scores_is_read_back(tmp_path_factory, run):
    path = tmp_path_factory.getbasetemp() / "scores.json"
    ranked = [sorted(scores.items(), key=lambda pair: -pair[1]) for scores in run.values()]
    rankings = Rankings.from_ids(
        list(run),
        [[image for image, _ in one] for one in ranked],
        [[score for _, score in one] for one in ranked],
    )
    json_rankings.write_scored(path, rankings)
    assert json.loads(path.read_bytes()) == run
    again = [(query, list(zip(images, scores, strict=True))) for _, query, images, scores in read(path)]
    assert again == list(zip(run, ranked, strict=True))


# Each: the content, and the sentence after the file's name.
FAULTS = {
    "empty": ("", " must hold a JSON object, '{' to '}'; it is empty"),
    "a list": ('["a"]', " must hold a JSON object, '{' to '}'; it starts with '[\"a\"]'"),
    "no query": (" { } ", " holds no ranking; it must have an entry for each query"),
    "cut off": (
        '{"q": ["a"],\n"r": ["b"',
        ", line 2: this is not valid JSON (Expecting ',' delimiter, column 10); "
        "mend it or write the file anew",
    ),
    "cut off behind an entry": (
        '{"q": ["a"]\n',
        ", line 2: this is not valid JSON (a ',' or '}' is missing, column 1); "
        "mend it or write the file anew",
    ),
    "a comma too many": (
        '{"q": ["a"],}',
        ", line 1: this is not valid JSON (a name in double quotes is missing, column 13); "
        "mend it or write the file anew",
    ),
    "no colon": (
        '{"q" ["a"]}',
        ", line 1: this is not valid JSON (a ':' is missing, column 6); mend it or write the file anew",
    ),
    "two objects": (
        '{"q": []}\n{"r": []}',
        ", line 2: this is not valid JSON (more text stands behind the object, column 1); "
        "mend it or write the file anew",
    ),
    "query twice": (
        '{"q": [],\n"r": [],\n"q": []}',
        ", line 3: the name 'q' was already given on line 1; keep one of the two",
    ),
    "image twice": (
        '{"p": [],\n"q": {"a": 1, "b": 2,\n"a": 3}}',
        ", line 2: the entry 'q' has the name 'a' twice; keep one of the two",
    ),
    "empty query": ('{"": []}', ", line 1: the query id is empty; every query needs one"),
    "neither list nor object": (
        '{"q": "a"}',
        ", line 1: the query 'q' must have a list of image ids or an object of their scores, got 'a'",
    ),
    "an id that is a number": (
        '{"q": ["a", 7]}',
        ", line 1: the query 'q' has the image 7; an id must be a text that is not empty",
    ),
    "NaN": (
        '{"q": {"a": NaN}}',
        ", line 1: the query 'q' has the score nan for the image 'a'; it must be a number",
    ),
    "a score that is text": (
        '{"q": {"a": "1"}}',
        ", line 1: the query 'q' has the score '1' for the image 'a'; it must be a number",
    ),
    "a score that is true": (
        '{"q": {"a": true}}',
        ", line 1: the query 'q' has the score True for the image 'a'; it must be a number",
    ),
    "nested": (
        '{"p": [],\n"q": ' + "[" * 100_000,
        ", line 2: the entry 'q' is nested too deeply; this is no file of rankings or truth",
    ),
    "digits": (
        '{"q": {"a": ' + "1" * 5000 + "}}",
        ", line 1: the entry 'q' holds a number that is too long; mend it",
    ),
    "not UTF-8": (b'{"q":\n["\xff"]}', ", line 2: this is not UTF-8 text; save the file as UTF-8 JSON"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_line_and_id(tmp_path, fault):
    content, sentence = FAULTS[fault]
    path = tmp_path / "run.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert refusal(read, path) == f"{path}{sentence}"


def test_a_score_beyond_all_numbers_is_named(tmp_path):
    path = tmp_path / "run.json"
    path.write_text('{"q": {"a": ' + "1" * 400 + "}}")
    assert "for the image 'a'; it must be a number" in refusal(read, path)


@pytest.mark.parametrize(
    ("images", "scores", "fault"),
    [
        (["a", "a"], [2.0, 1.0], "'a' of the query 'q' is there twice"),
        (
            ["a", "b"],
            [1.0, 2.0],
            "'b' of the query 'q' has a higher score (2.0) than the image before it (1.0)",
        ),
        (["a"], [float("inf")], "'a' of the query 'q' has the score inf"),
    ],
)
def test_what_an_object_cannot_carry_is_refused(tmp_path, images, scores, fault):
    path = tmp_path / "run.json"
    assert refusal(json_rankings.write_scored, path, Rankings.from_ids(["q"], [images], [scores])) == (
        f"{path}: the image {fault}, which an object of scores cannot carry; write the lists without scores"
    )
    assert not path.exists()


def test_scores_cannot_be_written_where_there_are_none(tmp_path):
    with pytest.raises(ValueError, match="without scores"):
        json_rankings.write_scored(tmp_path / "run.json", Rankings.from_ids(["q"], [["a"]]))
