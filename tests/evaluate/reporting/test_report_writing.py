"""Writing a report: the format by the suffix, and a file that is whole or absent."""

import pytest

from evaluate.errors import EvaluationError
from evaluate.reporting.html import render
from evaluate.reporting.writing import format_of, write


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("report.html", "html"),
        ("a/b.c/REPORT.HTM", "html"),
        ("report.md", "markdown"),
        ("report.v2.json", "json"),
    ],
)
def test_the_suffix_says_the_format(name, form):
    assert format_of(name) == form


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.html.gz", ".html"])
def test_another_suffix_is_refused_with_what_to_do(name):
    with pytest.raises(EvaluationError, match=r"must end in \.html, \.htm, \.md, \.json, got '"):
        format_of(name)


def test_a_report_replaces_the_one_before(tmp_path, sample):
    path = tmp_path / "report.html"
    path.write_text("before")
    write(path, render(sample))
    assert path.read_text(encoding="utf-8") == render(sample)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_report_before_and_nothing_else(tmp_path):
    path = tmp_path / "report.md"
    path.write_text("before")
    # Half a surrogate pair cannot be written, and is met after other text was.
    with pytest.raises(EvaluationError, match=r"report\.md"):
        write(path, "x" * 100_000 + "\ud800")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EvaluationError, match=r"absent.report\.md cannot be written"):
        write(tmp_path / "absent" / "report.md", "text")
