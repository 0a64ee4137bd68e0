"""Markdown: tables that stay tables, text that stays text, no pictures inside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.reporting.document import Document, Facts, Headline, Interval, Note, Section, Table
from evaluate.reporting.markdown import render


def cells(line):
    """Split a line of a table at the pipes that are not escaped, as GitHub does."""
    return re.split(r"(?<!\\)(?:\\\\)*\|", line.strip())[1:-1]


def tables(source):
    """Give the tables: runs of lines that start with a pipe."""
    found, last = [], ""
    for line in source.splitlines():
        if line.startswith("|"):
            if not last.startswith("|"):
                found.append([])
            found[-1].append(cells(line))
        last = line
    return found


def only(*blocks):
    return render(Document("title", "", (Section("section", "", blocks),)))


def test_every_row_of_a_table_has_as_many_cells_as_its_head(sample):
    found = tables(render(sample))
    # Headlines, figures, strata, four charts, coverage, provenance.
    assert len(found) == 9
    for table in found:
        assert len({len(row) for row in table}) == 1
        assert all(re.fullmatch(r"\s*---:?\s*", cell) for cell in table[1])


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4), st.text())
def test_no_text_breaks_a_table(rows, name):
    source = only(Table((name, "b"), tuple(rows), name), Facts(tuple(rows)))
    assert [[len(row) for row in table] for table in tables(source)] == [[2] * (len(rows) + 2)] * 2
    assert source.encode()


def test_a_table_by_hand():
    rows = (("a|b", 1200, Interval(0.5, 0.25, 0.75)), ("c", None, None))
    assert only(Table(("name", "n", "map@1"), rows, "What")) == (
        "# title\n\n## section\n\n**What (in brackets: 95 % intervals)**\n\n"
        "| name | n | map@1 |\n| --- | ---: | ---: |\n"
        "| a\\|b | 1,200 | 0.5000 (0.2500 – 0.7500) |\n| c | – | – |\n"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# a", "\\# a"),
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("12) a", "12\\) a"),
        ("1,129 queries", "1,129 queries"),
        ("a_b*c*`d`", "a\\_b\\*c\\*\\`d\\`"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("[x](y)", "\\[x\\](y)"),
        ("a\nb", "a b"),
    ],
)
def test_text_stays_text(text, shown):
    assert only(Note(text)).endswith(f"\n\n> [!NOTE]\n> {shown}\n")


def test_a_warning_is_one():
    assert "> [!WARNING]\n> Look." in only(Note("Look.", "warning"))


def test_main_figures_come_first():
    document = Document("title", "", (), (Headline("map@1", Interval(0.5, 0.25, 0.75), "7 queries"),))
    assert render(document).splitlines()[-1] == "| **map@1** | **0.5000** | 0.2500 – 0.7500 | 7 queries |"


def test_pictures_are_captions_alone(sample):
    source = render(sample)
    assert "data:" not in source
    assert "\n1. query: 0000000000000000\n2. ✗ wrong: 000000019f3c9f3c rank 1\n" in source


def test_headings_name_everything(sample):
    heads = [line for line in render(sample).splitlines() if line.startswith("#")]
    assert heads[0] == f"# {sample.title}"
    assert [head[3:] for head in heads if head.startswith("## ")] == [
        section.title for section in sample.sections
    ]
