"""The names of the columns of a CSV file, and its records."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate import tables
from evaluate.errors import EvaluationError
from evaluate.tables import column_names, read_table


def test_names_are_stripped_and_in_lower_case(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b'\xef\xbb\xbf\r\n"ID", Label ,\r\na,b,c\r\n')
    assert column_names(path) == ("id", "label", "")


def test_an_empty_file_has_none(tmp_path):
    path = tmp_path / "table.csv"
    path.touch()
    assert column_names(path) == ()


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(EvaluationError, match="cannot be read"):
        column_names(tmp_path / "absent.csv")


def test_an_optional_column_may_lack(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("b,a\n1,2\n")
    assert list(read_table(path, ("a",), ("c", "b"))) == [(2, ("2", "", "1"))]


@given(
    st.lists(st.sampled_from(["a", "b ", ",", "\n", "\r\n", "\r", '"', '""', '"x,y"', '"p\nq"']), max_size=14)
)
def test_records_are_those_of_the_csv_module(parts):
    text = "".join(parts)
    # Lines end with "\n" alone, as in a file of bytes; a record that is broken ends both.
    reader = csv.reader(io.StringIO("a\n" + text, newline="\n"), strict=True)
    expected: list[object] = []
    try:
        line = 1
        for fields in reader:
            if fields:
                expected.append((line, fields))
            line = reader.line_num + 1
    except csv.Error:
        expected.append("broken")
    found: list[object] = []
    try:
        for record in tables._records(Path("t.csv"), io.BytesIO(("a\n" + text).encode())):
            found.append(record)
    except EvaluationError:
        found.append("broken")
    assert found == expected
