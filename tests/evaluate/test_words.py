"""Counts and shares in words."""

import pytest

from evaluate.words import counted, num_queries, percent


def test_one_is_singular_and_all_else_is_plural():
    assert [counted(count, "photo is", "photos are") for count in (0, 1, 2, 12_345)] == [
        "0 photos are",
        "1 photo is",
        "2 photos are",
        "12,345 photos are",
    ]
    assert (num_queries(1), num_queries(91)) == ("1 query", "91 queries")


@pytest.mark.parametrize(
    ("share", "shown"), [(0.95, "95 %"), (0.9, "90 %"), (0.999, "99.9 %"), (0.29, "29 %")]
)
def test_shares_are_percent(share, shown):
    assert percent(share) == shown
