"""Leaks between splits: the surest sign of each pair, classes, ids that may agree, and the report."""

import json

import numpy as np
import pytest

from evaluate.errors import EvaluationError
from evaluate.leak_report import LeakReport
from evaluate.leaks import Leak, Split, num_shared_ids, shared_classes, shared_photographs
from evaluate.near_duplicates import Pairs
from evaluate.perceptual_hash import PictureHashes


def pictures(*numbers):
    """Give the hashes of made-up pictures: noise of that number, mirrored where it is negative, 0 is flat."""
    grey = np.zeros((len(numbers), 32, 32))
    for place, number in enumerate(numbers):
        if number:
            noise = np.random.default_rng(abs(number)).uniform(0, 255, (32, 32))
            grey[place] = noise if number > 0 else noise[:, ::-1]
    return PictureHashes.of(grey)


def split(name, ids, seen, labels=None, contents=None):
    count = len(ids)
    return Split(name, tuple(ids), labels or ("",) * count, contents or (b"",) * count, pictures(*seen))


def told(leaks):
    return [(leak.kind, leak.id_a, leak.id_b) for leak in leaks]


TRAIN = split("train", "abc", (1, 2, 3), contents=(b"x", b"y", b"z"))


def test_nothing_is_shared_by_different_photographs():
    assert shared_photographs(TRAIN, split("index", "def", (4, 5, 6), contents=(b"u", b"v", b"w"))) == []


def test_equal_files_pictures_and_mirrored_ones():
    index = split("index", "defg", (9, 2, -3, 1), contents=(b"x", b"?", b"!", b"#"))
    found = shared_photographs(TRAIN, index)
    assert told(found) == [
        ("same file", "a", "d"),
        ("same picture", "a", "g"),
        ("same picture", "b", "e"),
        ("same picture", "c", "f"),
    ]
    assert {leak.strength for leak in found} == {1.0}
    assert {(leak.split_a, leak.split_b) for leak in found} == {("train", "index")}


def test_a_pair_is_told_once_by_its_surest_sign():
    index = split("index", "bd", (2, 3), contents=(b"y", b"?"))
    near = Pairs(np.array([0, 1, 2]), np.array([1, 0, 1]), np.array([0.91, 0.99, 0.92]))
    assert told(shared_photographs(TRAIN, index, near_duplicates=near)) == [
        ("near-duplicate", "a", "d"),
        ("same file", "b", "b"),
        ("same picture", "c", "d"),
    ]


def test_the_strength_of_a_picture_is_its_share_of_equal_bits():
    other = split("index", ["d"], (1,))
    other.hashes.words[0, 0] ^= np.uint64(0b1111)
    (leak,) = shared_photographs(TRAIN, other)
    assert leak.strength == 1 - 4 / 256


def test_a_quarter_of_the_bits_may_differ_and_no_more():
    for flipped, expected in ((64, 1), (65, 0)):
        other = split("index", ["d"], (1,))
        ones = np.packbits(np.arange(256) < flipped).view(np.uint64)
        other.hashes.words[0] ^= ones
        assert len(shared_photographs(TRAIN, other)) == expected


def test_flat_pictures_and_unread_files_are_equal_to_nothing():
    first, second = split("train", "ab", (0, 0)), split("index", "cd", (0, 0))
    assert shared_photographs(first, second) == []


def test_one_id_is_a_leak_unless_ids_may_agree():
    index = split("index", "cde", (3, 7, 3))
    assert told(shared_photographs(split("train", "d", (8,)), index)) == [("same id", "d", "d")]
    # The query c is the index's c, which it never finds, and e is a copy of it, which it does.
    query = split("queries", "c", (3,))
    assert told(shared_photographs(query, index, ids_may_agree=True)) == [("same picture", "c", "e")]
    assert num_shared_ids(query, index) == 1


def test_a_refused_sign_lets_the_next_one_decide():
    # The train's b is the index's b by picture, by other means and by id; its c is the index's d by picture.
    index = split("index", "bd", (2, 3))
    near = Pairs(np.array([1]), np.array([0]), np.array([0.9]))

    def leaks(*refused):
        return told(
            shared_photographs(
                TRAIN, index, near_duplicates=near, confirmed=lambda leak: leak.kind not in refused
            )
        )

    assert leaks() == [("same picture", "b", "b"), ("same picture", "c", "d")]
    assert leaks("same picture") == [("near-duplicate", "b", "b")]
    assert leaks("same picture", "near-duplicate") == [("same id", "b", "b")]
    assert leaks("same picture", "near-duplicate", "same id") == []


def test_each_sign_is_asked_about_until_one_is_confirmed():
    asked = []

    def confirmed(leak):
        asked.append((leak.kind, leak.id_a, leak.id_b))
        return leak.kind != "same file"

    index = split("index", "bd", (2, 9), contents=(b"y", b"z"))
    shared_photographs(TRAIN, index, confirmed=confirmed)
    # b is confirmed by its picture and nobody asks about its id; c has no other sign.
    assert asked == [("same file", "b", "b"), ("same file", "c", "d"), ("same picture", "b", "b")]
    asked.clear()
    shared_photographs(TRAIN, index, ids_may_agree=True, confirmed=confirmed)
    assert asked == [("same file", "c", "d")]


def test_shared_classes_are_sorted_and_no_label_is_no_class():
    train = split("train", "abc", (1, 2, 3), labels=("tower", "arch", ""))
    index = split("index", "defg", (4, 5, 6, 7), labels=("", "tower", "arch", "tower"))
    assert told(shared_classes(train, index)) == [
        ("shared class", "arch", "arch"),
        ("shared class", "tower", "tower"),
    ]
    assert shared_classes(train, split("index", "d", (4,), labels=("gate",))) == []


def test_every_order_of_photographs_gives_the_same_leaks():
    index = split("index", "defg", (9, 2, -3, 1))
    turned = split("index", "gfed", (1, -3, 2, 9))
    assert set(shared_photographs(TRAIN, index)) == set(shared_photographs(TRAIN, turned))


def test_parts_of_different_length_are_refused():
    with pytest.raises(ValueError, match="train has 2 ids"):
        Split("train", ("a", "b"), ("",), (b"",), pictures(1))


REPORT = LeakReport(
    {"queries": 3, "index": 12, "train": 4},
    (
        Leak("same picture", "queries", "q1", "index", "i1", 0.96875),
        Leak("same picture", "queries", "q1", "index", "i2", 1.0),
        Leak("shared class", "train", "arch", "index", "arch", 1.0),
    ),
    ("2 ids stand in queries and index",),
)


def test_the_table_counts_lists_and_notes():
    assert REPORT.table() == "\n".join(
        [
            "photos: queries 3, index 12, train 4",
            "",
            "splits          kind             leaks  of first  of second",
            "queries, index  same picture         2         1          2",
            "train, index    shared class         1         1          1",
            "",
            "'q1' in queries and 'i1' in index: same picture 0.969",
            "'q1' in queries and 'i2' in index: same picture 1.000",
            "class 'arch' in train and index",
            "",
            "note: 2 ids stand in queries and index",
        ]
    )


def test_the_table_lists_ten_and_counts_the_rest():
    many = LeakReport({}, tuple(Leak("same file", "a", str(n), "b", "x", 1.0) for n in range(13)))
    assert many.table().splitlines()[-2:] == ["'9' in a and 'x' in b: same file", "and 3 more"]


def test_to_dict_is_plain_and_holds_every_leak():
    plain = REPORT.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["counts"][0] == {
        "kind": "same picture", "split_a": "queries", "split_b": "index", "leaks": 2, "ids_a": 1, "ids_b": 2,
    }  # fmt: skip
    assert plain["leaks"][2] == {
        "kind": "shared class", "split_a": "train", "id_a": "arch", "split_b": "index", "id_b": "arch",
        "strength": 1.0,
    }  # fmt: skip


def test_a_leak_does_not_pass_the_check():
    with pytest.raises(EvaluationError) as caught:
        REPORT.check()
    assert str(caught.value) == (
        "2 pair(s) of photos and 1 class(es) shared between splits, the first 'q1' in queries and 'i1' in "
        "index: same picture 0.969; take them out of one of the two"
    )


def test_a_clean_report_passes():
    clean = LeakReport({"queries": 1, "index": 1}, ())
    clean.check()
    assert clean.table() == "photos: queries 1, index 1\n\nno leak found"
