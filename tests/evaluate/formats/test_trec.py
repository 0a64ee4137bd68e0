"""Runs of TREC: the order of trec_eval, and files that it reads as we meant them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import trec
from evaluate.rankings import Rankings

words = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1).filter(
    lambda text: text.split() == [text]
)
scores = st.floats(allow_nan=False, allow_infinity=False, width=32)


def refusal(call, *arguments):
    with pytest.raises(EvaluationError) as caught:
        call(*arguments)
    return str(caught.value)


def read(path):
    return list(trec.records(path))


def order_of_trec_eval(run):
    """Ask the real program, image by image: the place of the only relevant one is 1 / recip_rank."""
    pytrec_eval = pytest.importorskip("pytrec_eval")
    places = {}
    for image in run:
        evaluator = pytrec_eval.RelevanceEvaluator({"q": {image: 1}}, {"recip_rank"})
        places[image] = round(1 / evaluator.evaluate({"q": run})["q"]["recip_rank"])
    return tuple(sorted(run, key=places.__getitem__))


class TestReading:
    def test_score_decides_then_the_larger_id_and_never_the_rank(self, tmp_path):
        path = tmp_path / "run.txt"
        path.write_text("q Q0 a 1 0.5 t\nq Q0 c 9 0.5 t\nr\tQ0  x 1 2 t\n\nq Q0 b 7 0.75 t\n")
        assert read(path) == [(1, "q", ("b", "c", "a"), (0.75, 0.5, 0.5)), (3, "r", ("x",), (2.0,))]

    def test_scores_are_of_single_precision_as_in_trec_eval(self, tmp_path):
        # 1 + 1e-8 is 1 in single precision, so the larger id is first.
        path = tmp_path / "run.txt"
        path.write_text("q Q0 a 1 1.00000001 t\nq Q0 b 2 1 t\n")
        assert read(path) == [(1, "q", ("b", "a"), (1.0, 1.0))]
        assert order_of_trec_eval({"a": 1.00000001, "b": 1.0}) == ("b", "a")

    def test_scores_beyond_single_precision_are_infinite(self, tmp_path):
        path = tmp_path / "run.txt"
        path.write_text("q Q0 a 1 1e300 t\nq Q0 b 2 inf t\n")
        assert read(path) == [(1, "q", ("b", "a"), (math.inf, math.inf))]

    @given(
        st.dictionaries(words, st.floats(-2, 2) | st.sampled_from([0.5, -0.0, 0.0]), min_size=1, max_size=6)
    )
    def test_the_order_is_that_of_trec_eval(self, tmp_path_factory, run):
        path = tmp_path_factory.getbasetemp() / "order.txt"
        lines = [f"q Q0 {image} 0 {score} t\n" for image, score in run.items()]
        path.write_text("".join(lines), encoding="utf-8", newline="")
        assert read(path)[0][2] == order_of_trec_eval(run)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("", " holds no ranking; it must have a line for each ranked image"),
            (
                "q Q0 a 1 0.5 t\nq 0 a 1\n",
                ", line 2: the line of 'q' has 4 column(s) where 6 are expected "
                "(query Q0 image rank score tag); names must not hold white space",
            ),
            (
                "q Q0 a 1 nan t\n",
                ", line 1: the score of the image 'a' (query 'q') must be a number, got 'nan'",
            ),
            (
                "q Q0 a 1 1 t\nr Q0 a 1 1 t\nq Q0 a 2 0 t\n",
                ", line 3: the image 'a' was already given for the query 'q' on line 1; keep one of the two",
            ),
            (
                b"q Q0 a 1 1 t\nq Q0 \xff 2 1 t\n",
                ", line 2: this is not UTF-8 text; save the file as UTF-8 text",
            ),
        ],
    )
    def test_a_fault_is_told_with_file_line_and_id(self, tmp_path, content, sentence):
        path = tmp_path / "run.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert refusal(read, path) == f"{path}{sentence}"

    def test_a_missing_file_is_named(self, tmp_path):
        assert refusal(read, tmp_path / "absent") == (
            f"{tmp_path / 'absent'} cannot be read (No such file or directory); "
            "check the path and its permissions"
        )


class TestWriting:
    def test_falling_scores_are_kept(self, tmp_path):
        path = tmp_path / "run.txt"
        trec.write(path, Rankings.from_ids(["q", "none"], [["b", "a"], []], [[0.1, -2.5], []]))
        assert path.read_text() == ("q Q0 b 1 0.1 landmark-retrieval\nq Q0 a 2 -2.5 landmark-retrieval\n")

    @pytest.mark.parametrize("values", [None, [[0.5, 0.5]], [[0.1, 0.9]], [[1 + 1e-8, 1.0]]])
    def test_other_scores_give_way_to_falling_numbers(self, tmp_path, values):
        path = tmp_path / "run.txt"
        trec.write(path, Rankings.from_ids(["q"], [["a", "b"]], values))
        assert [line.split()[2:5] for line in path.read_text().splitlines()] == [
            ["a", "1", "2"],
            ["b", "2", "1"],
        ]

    @given(
        st.dictionaries(
            words, st.lists(st.tuples(words, scores), max_size=6, unique_by=lambda pair: pair[0]), max_size=3
        )
    )
    def test_trec_eval_reads_the_order_of_the_rankings(self, tmp_path_factory, answers):
        path = tmp_path_factory.getbasetemp() / "round.txt"
        ids = [[image for image, _ in answer] for answer in answers.values()]
        values = [[score for _, score in answer] for answer in answers.values()]
        trec.write(path, Rankings.from_ids(list(answers), ids, values))
        with path.open(encoding="utf-8", newline="\n") as file:
            run = pytest.importorskip("pytrec_eval").parse_run(file)
        expected = {query: tuple(images) for query, images in zip(answers, ids, strict=True) if images}
        assert {query: order_of_trec_eval(answer) for query, answer in run.items()} == expected
        if expected:
            assert {query: images for _, query, images, _ in trec.records(path)} == expected

    def test_a_repeated_image_is_refused(self, tmp_path):
        path = tmp_path / "run.txt"
        assert refusal(trec.write, path, Rankings.from_ids(["q"], [["a", "b", "a"]])) == (
            f"{path}: the image 'a' is there twice for the query 'q', which a run of TREC cannot carry; "
            "keep one of the two or write the long format"
        )
        assert not path.exists()

    @pytest.mark.parametrize("bad", ["", "a b", "a\u00a0", "\ufeffa", "a\0"])
    def test_an_id_that_would_not_survive_is_refused(self, tmp_path, bad):
        path = tmp_path / "run.txt"
        assert refusal(trec.write, path, Rankings.from_ids(["q"], [[bad]])) == (
            f"{path}: the id {bad!r} (query 'q') is empty or holds white space, which this format cannot "
            "carry; rename it"
        )

    def test_single_precision_survives(self, tmp_path):
        path = tmp_path / "run.txt"
        values = np.sort(np.random.default_rng(0).random(50, np.float32))[::-1]
        trec.write(path, Rankings.from_ids(["q"], [[str(rank) for rank in range(50)]], [values.tolist()]))
        assert read(path)[0][3] == tuple(values.tolist())
