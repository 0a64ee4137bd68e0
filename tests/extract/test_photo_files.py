"""What tells that a photograph's file has changed."""

import os

from extract import photo_files


def test_a_stamp_is_length_and_time_of_change(tmp_path):
    file = tmp_path / "a.jpg"
    file.write_bytes(b"abc")
    os.utime(file, ns=(0, 1_700_000_000_123_456_789))
    assert photo_files.stamp(str(file)) == (3, 1_700_000_000_123_456_789)


def test_what_is_not_there_has_no_stamp_and_no_hash(tmp_path):
    for path in (str(tmp_path / "none"), "zero\0byte", str(tmp_path / "none" / "below")):
        assert photo_files.stamp(path) is None
        assert photo_files.content_hash_of(path) is None


def test_a_folder_has_no_hash(tmp_path):
    assert photo_files.content_hash_of(str(tmp_path)) is None


def test_a_hash_is_blake2b_of_the_content(tmp_path):
    # printf abc | b2sum -l 128
    expected = "cf4ab791c62b8d2b2109c90275287816"
    (tmp_path / "a").write_bytes(b"abc")
    assert photo_files.content_hash(b"abc").hex() == expected
    assert photo_files.content_hash_of(str(tmp_path / "a")).hex() == expected
