"""Numbers and foreign text: digits, what is missing, characters that no page can carry."""

import pytest

from evaluate.reporting.document import Interval, Table
from evaluate.reporting.wording import cell_text, column_digits, number, plain, span


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (117577, "117,577"),
        (0.5, "0.5000"),
        (-0.01234, "-0.0123"),
        (12.345, "12.35"),
        (1234567.8, "1,234,568"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_a_number_by_its_size(value, shown):
    assert number(value) == shown


def test_a_column_has_the_same_decimals_in_all_rows():
    rows = ((0.5, 1.5, 7, Interval(0.5, 0.1, 20.0)), (float("nan"), 500.0, 8, None))
    table = Table(("small", "mixed", "counts", "wide"), rows, "")
    assert column_digits(table) == (4, 2, 4, 2)
    assert [cell_text(*pair) for pair in zip(rows[0], column_digits(table), strict=True)] == [
        "0.5000",
        "1.50",
        "7",
        "0.50 (0.10 – 20.00)",
    ]


def test_an_interval_and_a_missing_cell():
    assert span(Interval(0.5, 0.25, float("nan"))) == "0.2500 – –"
    assert cell_text(None, 4) == "–"


def test_text_is_on_one_line_and_holds_nothing_that_a_page_cannot_carry(hostile):
    assert plain(" a\r\n\tb\u2028c ") == "a b c"
    # A control character, half a surrogate pair, one that XML forbids, and a mark that turns the line around.
    assert plain("\x00\ud83d\uffff\u202e\u2066") == "\ufffd" * 5
    assert plain(hostile).encode()


def test_writing_from_right_to_left_and_joined_characters_stay():
    text = "קלעה قلعة 👩\u200d🔬 é 清水寺"
    assert plain(text) == text
