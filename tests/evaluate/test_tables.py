"""The names of the columns of a CSV file, before its records are read."""

import pytest

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
