"""A file is put in place whole or not at all."""

import errno
import os

import pytest

from extract.errors import StoreError
from extract.publish import PART_SUFFIX, publish


def failing(error_number):
    def call(*arguments):
        raise OSError(error_number, os.strerror(error_number))

    return call


def test_a_new_file_holds_the_content_and_leaves_nothing_beside_it(tmp_path):
    publish(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_what_stood_there_and_a_part_of_a_killed_run_are_replaced(tmp_path):
    (tmp_path / "a").write_bytes(b"a much longer old one")
    (tmp_path / ("a" + PART_SUFFIX)).write_bytes(b"a much longer part of a killed run")
    publish(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_disk_is_one_sentence_and_the_old_file_stays(tmp_path, monkeypatch, call):
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, call, failing(errno.EIO))
    with pytest.raises(StoreError, match=r"^cannot write '.*/a': Input/output error; .* to go on$"):
        publish(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_disk_that_turns_read_only_on_the_way_is_the_same_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EROFS))
    monkeypatch.setattr("pathlib.Path.unlink", failing(errno.EROFS))
    with pytest.raises(StoreError, match=r"^cannot write .* Read-only file system; "):
        publish(tmp_path / "a", b"new")


def test_the_content_is_on_the_disk_before_its_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (calls.append(f"sync {_kind(file)}"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), replace(*paths)))
    publish(tmp_path / "a", b"new")
    assert calls == ["sync file of 3 bytes", "replace", "sync folder"]


def _kind(descriptor):
    status = os.fstat(descriptor)
    return f"file of {status.st_size} bytes" if status.st_nlink == 1 else "folder"
