"""The GLDv2 solution file becomes a truth, or one sentence that names file, line and id."""

import pytest

from evaluate.errors import EvaluationError
from evaluate.truth import Truth

ROWS = {"a": 0, "b": 1, "c": 2, "q3": 3}


@pytest.fixture
def solution(tmp_path):
    def write(content):
        path = tmp_path / "solution.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path):
    with pytest.raises(EvaluationError) as caught:
        Truth.from_solution(path, ROWS)
    return str(caught.value)


def test_images_and_usages_are_read(solution):
    truth = Truth.from_solution(solution("id,images,Usage\nq1,c a,Public\nq2,b,Private\n"), ROWS)
    assert truth.query_ids == ("q1", "q2")
    assert [rows.tolist() for rows in truth.relevant] == [[0, 2], [1]]
    assert truth.usages == ("public", "private")


def test_ignored_records_leave_the_truth_unread(solution):
    # GLDv2 writes None where it ignores a query: no image of that name exists.
    truth = Truth.from_solution(solution("id,images,Usage\nq1,None,Ignored\nq2,b,Public\n"), ROWS)
    assert truth.query_ids == ("q2",)


def test_usage_is_optional_and_columns_match_in_any_case_and_order(solution):
    truth = Truth.from_solution(solution("Images,note,ID\na b,x,q1\n"), ROWS)
    assert truth.query_ids == ("q1",)
    assert truth.relevant[0].tolist() == [0, 1]
    assert truth.usages == ("",)


def test_the_own_id_does_not_count(solution):
    # q3 is in the database (row 3), q4 is not: neither is an image of its own.
    truth = Truth.from_solution(solution("id,images\nq3,q3 a\nq4,b q4\n"), ROWS)
    assert [rows.tolist() for rows in truth.relevant] == [[0], [1]]
    assert [rows.tolist() for rows in truth.ignored] == [[3], []]


def test_windows_line_ends_blank_lines_and_a_byte_order_mark_are_taken(solution):
    truth = Truth.from_solution(solution(b"\xef\xbb\xbfid,images\r\n\r\nq1,a  b\r\n"), ROWS)
    assert truth.relevant[0].tolist() == [0, 1]


def test_a_field_longer_than_the_csv_limit_is_read(solution):
    # 20,000 ids of 9 characters with their spaces are past the 131,072 that the csv module allows.
    rows = {f"img{number:06d}": number for number in range(20_000)}
    truth = Truth.from_solution(solution(f"id,images\nq1,{' '.join(rows)}\n"), rows)
    assert truth.num_relevant.tolist() == [20_000]


# Each: the file, and the sentence after its name.
FAULTS = {
    "empty file": (
        "",
        ", line 1: the column 'id' is missing (found: nothing, the file is empty); "
        "the first line must name the columns id,images",
    ),
    "no record": (
        "id,images,Usage\n",
        " holds no query that counts; it must have a record that is not marked Ignored",
    ),
    "all ignored": (
        "id,images,Usage\nq1,a,Ignored\n",
        " holds no query that counts; it must have a record that is not marked Ignored",
    ),
    "missing column": (
        "id,labels\nq1,a\n",
        ", line 1: the column 'images' is missing (found: id, labels); "
        "the first line must name the columns id,images",
    ),
    "column twice": (
        "id,images,Images\nq1,a,b\n",
        ", line 1: the column 'images' is there twice; keep one of the two",
    ),
    "duplicate query": (
        "id,images\nq1,a\nq2,b\nq1,c\n",
        ", line 4: the query 'q1' was already given on line 2; keep one of the two",
    ),
    "duplicate of an ignored query": (
        "id,images,usage\nq1,a,Ignored\nq1,c,Public\n",
        ", line 3: the query 'q1' was already given on line 2; keep one of the two",
    ),
    "empty id": ("id,images\n ,a\n", ", line 2: the query id is empty; every record needs one"),
    "repeated image": (
        "id,images\nq1,a b a\n",
        ", line 2: the query 'q1' names the image 'a' twice; keep one of the two",
    ),
    "unknown image": (
        "id,images\nq1,a\nq2,b zz\n",
        ", line 3: the query 'q2' names the image 'zz', which is not in the index; "
        "add the image or use the truth of this index",
    ),
    "no image": (
        "id,images\nq1,\n",
        ", line 2: the query 'q1' has no relevant image besides itself; "
        "mark the record Ignored or take it out",
    ),
    "only itself": (
        "id,images\nq3,q3\n",
        ", line 2: the query 'q3' has no relevant image besides itself; "
        "mark the record Ignored or take it out",
    ),
    "too many fields": (
        "id,images\nq1,a,b\n",
        ", line 2: the record 'q1' has 3 field(s) where the header has 2; "
        "put quotes around fields that contain commas",
    ),
    "too few fields": (
        "id,images\nq1\n",
        ", line 2: the record 'q1' has 1 field(s) where the header has 2; "
        "put quotes around fields that contain commas",
    ),
    "not UTF-8": (
        b"id,images\nq1,a\nq\xff,b\n",
        ", line 3: this is not UTF-8 text; save the file as UTF-8 CSV",
    ),
    "NUL": (b"id,images\nq1,a\0\n", ", line 2: this is not UTF-8 text; save the file as UTF-8 CSV"),
    "UTF-16": (
        "id,images\nq1,a\n".encode("utf-16"),
        ", line 1: this is not UTF-8 text; save the file as UTF-8 CSV",
    ),
    "record over two lines": (
        'id,images,note\nq1,a,"two\nlines"\nq1,b,\n',
        ", line 4: the query 'q1' was already given on line 2; keep one of the two",
    ),
    "unclosed quote": (
        'id,images\nq1,a\nq2,"b\nq3,c\n',
        ", line 3: the record is not valid CSV (unexpected end of data); mend its quotes and line ends",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_line_and_id(solution, fault):
    content, sentence = FAULTS[fault]
    path = solution(content)
    assert refusal(path) == f"{path}{sentence}"


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "absent.csv"
    assert refusal(path) == (
        f"{path} cannot be read (No such file or directory); check the path and its permissions"
    )


def test_a_folder_is_not_a_solution(tmp_path):
    assert "cannot be read (Is a directory)" in refusal(tmp_path)
