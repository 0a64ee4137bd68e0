"""Rankings survive a round trip through their files, and a bad file or id is named."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats.submission import records, write_long, write_submission


def read(path):
    return {query: tuple(images) for _, query, images, _ in records(path)}


identifiers = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda text: text.split() == [text] and not text.startswith("\ufeff")
)


def read_long(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def refusal(call, *arguments):
    with pytest.raises(EvaluationError) as caught:
        call(*arguments)
    return str(caught.value)


class TestSubmission:
    def test_the_format_is_that_of_gldv2(self, tmp_path):
        path = tmp_path / "submission.csv"
        write_submission(path, ["q1", "q2", 'q"3'], [["b", "a"], [], ["c,d"]])
        assert path.read_bytes() == b'id,images\nq1,b a\nq2,\n"q""3","c,d"\n'

    @given(st.dictionaries(identifiers, st.lists(identifiers)))
    def test_what_is_written_is_read_back(self, tmp_path_factory, rankings):
        path = tmp_path_factory.getbasetemp() / "round.csv"
        write_submission(path, list(rankings), list(rankings.values()))
        assert read(path) == {query: tuple(images) for query, images in rankings.items()}

    @pytest.mark.parametrize("bad", ["", " ", "a b", "a\n", "\u00a0x", "a\0"])
    def test_an_id_that_would_not_survive_is_refused(self, tmp_path, bad):
        path = tmp_path / "submission.csv"
        reason = (
            "is empty or holds white space, which a submission cannot carry; "
            "rename it or write the long format"
        )
        assert refusal(write_submission, path, ["q"], [["a", bad]]) == (
            f"{path}: the id {bad!r} (query 'q') {reason}"
        )
        if bad:
            assert refusal(write_submission, path, [bad], [["a"]]) == (
                f"{path}: the id {bad!r} (query {bad!r}) {reason}"
            )
        assert not path.exists()

    def test_a_repeated_image_is_read_as_it_stands(self, tmp_path):
        path = tmp_path / "submission.csv"
        path.write_text("id,images\nq,a b a\n")
        assert read(path) == {"q": ("a", "b", "a")}

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (
                b"id,images\nq,a\nq,b\n",
                ", line 3: the query 'q' was already given on line 2; keep one of the two",
            ),
            (b"id,images\n,a\n", ", line 2: the query id is empty; every record needs one"),
            (
                b"id,image\nq,a\n",
                ", line 1: the column 'images' is missing (found: id, image); "
                "the first line must name the columns id,images",
            ),
            (b"id,images\nq,\xe9\n", ", line 2: this is not UTF-8 text; save the file as UTF-8 CSV"),
        ],
    )
    def test_a_bad_file_is_told_with_its_line(self, tmp_path, content, sentence):
        path = tmp_path / "submission.csv"
        path.write_bytes(content)
        assert refusal(read, path) == f"{path}{sentence}"


class TestLong:
    def test_every_ranked_image_is_a_record(self, tmp_path):
        path = tmp_path / "long.csv"
        scores = np.array([[0.1, -2.5]], dtype=np.float32)
        write_long(path, ["my photo", "none"], [["a b", "c,d"], []], [scores[0], []])
        assert read_long(path) == [
            ["query", "id", "rank", "score"],
            ["my photo", "a b", "1", "0.1"],
            ["my photo", "c,d", "2", "-2.5"],
        ]

    @given(st.lists(st.floats(allow_nan=False, width=32), max_size=5))
    def test_float32_scores_are_read_back_exactly(self, tmp_path_factory, values):
        path = tmp_path_factory.getbasetemp() / "scores.csv"
        scores = np.array(values, dtype=np.float32)
        write_long(path, ["q"], [[str(rank) for rank in range(len(values))]], [scores])
        assert [np.float32(record[3]) for record in read_long(path)[1:]] == scores.tolist()

    def test_a_score_that_is_not_a_number_is_named(self, tmp_path):
        path = tmp_path / "long.csv"
        assert refusal(write_long, path, ["q"], [["a", "b"]], [[1.0, float("nan")]]) == (
            f"{path}: the score of the image 'b' (query 'q') is not a number; look for NaN in its descriptor"
        )

    def test_a_zero_byte_is_refused(self, tmp_path):
        path = tmp_path / "long.csv"
        assert "has a zero byte in an id" in refusal(write_long, path, ["q"], [["a\0"]], [[2.0]])
        assert not path.exists()

    def test_an_empty_image_id_is_named_by_its_rank(self, tmp_path):
        path = tmp_path / "long.csv"
        assert refusal(write_long, path, ["q"], [["a", ""]], [[2.0, 1.0]]) == (
            f"{path}: the image of rank 2 (query 'q') has an empty id; give it one"
        )

    def test_scores_must_match_ids(self, tmp_path):
        with pytest.raises(ValueError, match="shorter"):
            write_long(tmp_path / "long.csv", ["q"], [["a", "b"]], [[1.0]])


def submit(path, query_ids, ranked_ids):
    write_submission(path, query_ids, ranked_ids)


def list_long(path, query_ids, ranked_ids):
    write_long(path, query_ids, ranked_ids, [[0.5] * len(images) for images in ranked_ids])


@pytest.mark.parametrize("write", [submit, list_long])
class TestBothFormats:
    def test_a_repeated_query_is_named(self, tmp_path, write):
        path = tmp_path / "out.csv"
        assert refusal(write, path, ["q", "q"], [["a"], ["b"]]) == (
            f"{path}: the query 'q' is there twice; keep one of the two"
        )

    def test_an_empty_query_id_is_refused(self, tmp_path, write):
        path = tmp_path / "out.csv"
        assert refusal(write, path, [""], [["a"]]) == f"{path}: a query has an empty id; give it one"

    def test_rankings_must_match_queries(self, tmp_path, write):
        with pytest.raises(ValueError, match="longer"):
            write(tmp_path / "out.csv", ["q"], [["a"], ["b"]])

    def test_a_failed_write_leaves_the_old_file_and_nothing_else(self, tmp_path, write):
        path = tmp_path / "out.csv"
        write(path, ["q"], [["a"]])
        before = path.read_bytes()
        # A lone surrogate is how Python shows a file name that is not UTF-8.
        assert refusal(write, path, ["q"], [["good", "bad\udcff"]]) == (
            f"{path}: an id holds the character '\\udcff', which UTF-8 cannot carry; rename it"
        )
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_an_old_file_is_replaced_whole(self, tmp_path, write):
        path, fresh = tmp_path / "out.csv", tmp_path / "fresh.csv"
        write(path, ["long" * 500], [["a"] * 1])
        write(path, ["q"], [["b"]])
        write(fresh, ["q"], [["b"]])
        assert path.read_bytes() == fresh.read_bytes()
        assert sorted(tmp_path.iterdir()) == [fresh, path]

    def test_a_missing_folder_is_named(self, tmp_path, write):
        path = tmp_path / "absent" / "out.csv"
        assert refusal(write, path, ["q"], [["a"]]) == (
            f"{path} cannot be written (No such file or directory); "
            "check the folder, its permissions and free space"
        )
