"""The state of a store: whole or refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract import state
from extract.errors import StoreError
from extract.state import SegmentEntry, State

ENTRY = SegmentEntry("000000.h5", 4, 1, 5000, "ab" * 16)
STATE = State(revision=0, digest="0123", recipe={"name": "ä \ud800", "photos": {"x": [1, 0.5, None]}}, dim=8)


def test_a_state_comes_back_as_it_was_written(tmp_path):
    grown = STATE.grown(ENTRY, (3, 1))
    state.write(tmp_path, grown)
    assert state.read(tmp_path) == grown


def test_a_grown_state_has_one_more_segment_and_some_more_deleted_rows():
    grown = STATE.grown(ENTRY, (3, 1)).grown(ENTRY, (1, 5))
    assert (grown.revision, grown.num_rows, grown.deleted) == (2, 8, (1, 3, 5))
    assert STATE.segments == ()


def test_a_folder_without_a_state_is_no_store_and_the_sentence_says_how_to_make_one(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(StoreError, match=r"^there is no store at .*; `retrieve index PHOTOS --store"):
            state.read(folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"^there is no store at "):
        state.read(tmp_path / "file")


def test_a_state_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / state.FILE_NAME).mkdir()
    with pytest.raises(StoreError, match=r"^cannot read .*STATE\.json': Is a directory"):
        state.read(tmp_path)


def test_a_later_format_is_refused_with_what_to_do(tmp_path):
    state.write(tmp_path, STATE)
    content = json.loads((tmp_path / state.FILE_NAME).read_text())
    (tmp_path / state.FILE_NAME).write_text(json.dumps({**content, "format": 2, "new": "field"}))
    with pytest.raises(
        StoreError, match="has format 2, this program reads 1; install the version that wrote"
    ):
        state.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"3", b"null", b'"checksum"', b'{"checksum": 1, "format": 1}', b"\xff\xfe", b"{"],
)
def test_anything_else_in_its_place_is_damage(tmp_path, content):
    (tmp_path / state.FILE_NAME).write_bytes(content)
    with pytest.raises(StoreError, match="was cut or altered"):
        state.read(tmp_path)


def test_a_state_cut_at_any_length_is_refused(tmp_path):
    state.write(tmp_path, STATE.grown(ENTRY, (1,)))
    content = (tmp_path / state.FILE_NAME).read_bytes()
    for length in range(len(content)):
        (tmp_path / state.FILE_NAME).write_bytes(content[:length])
        with pytest.raises(StoreError):
            state.read(tmp_path)


def test_a_byte_altered_anywhere_is_refused_or_changes_nothing(tmp_path):
    original = STATE.grown(ENTRY, (1,))
    state.write(tmp_path, original)
    content = (tmp_path / state.FILE_NAME).read_bytes()
    refused = 0
    for place in range(len(content)):
        for mask in (0x01, 0x80):
            altered = bytearray(content)
            altered[place] ^= mask
            (tmp_path / state.FILE_NAME).write_bytes(altered)
            try:
                assert state.read(tmp_path) == original
            except StoreError:
                refused += 1
    assert refused > len(content)


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False) | st.text() | st.none()))
def test_any_recipe_that_json_holds_comes_back(tmp_path_factory, recipe):
    folder = tmp_path_factory.mktemp("state")
    written = State(revision=1, digest="", recipe=recipe, dim=1)
    state.write(folder, written)
    assert state.read(folder) == written
