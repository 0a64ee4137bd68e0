"""One segment: what goes in comes out, by photograph, and plain h5py reads it too."""

import io

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract import segments
from extract.block import Block, Records
from extract.errors import StoreError
from extract.features import pack
from extract.segments import Segment

ODD_IDS = (
    "a b",
    "line\nbreak",
    "\u00e4",
    "a\u0308",
    "日本/写真 1.jpg",
    "😀",
    "",
    "x" * 300,
    "\t",
    '"',
    "\\xff",
)
ODD_PATHS = (b"/p/\xff\xfe.jpg", b"/p/\xe4", "/p/ä".encode(), b"/p/a b\n", b"/p/\x80\x00x")


def written(folder, block):
    content = segments.encode(block)
    (folder / "0.h5").write_bytes(content)
    return Segment(folder / "0.h5", len(block), len(content))


def assert_same(found, expected):
    assert len(found) == len(expected)
    for name, values in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), values, strict=True)


class TestRoundTrip:
    def test_records_with_odd_ids_and_paths_come_back(self, tmp_path, make_block):
        paths = tuple(ODD_PATHS[place % len(ODD_PATHS)] for place in range(len(ODD_IDS)))
        texts = {"paths": paths, "labels": ODD_IDS[::-1], "reasons": ODD_IDS, "metadata": ODD_IDS}
        block = make_block(ODD_IDS, **texts)
        records = written(tmp_path, block).records()
        for name, values in vars(block.records).items():
            found = getattr(records, name)
            assert type(found) is type(values), name
            np.testing.assert_array_equal(found, values)
        assert records.ids == ODD_IDS
        assert records.paths == paths

    @given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=6))
    def test_any_text_comes_back(self, tmp_path_factory, make_block, texts):
        block = make_block(texts, labels=tuple(texts), paths=tuple(text.encode() for text in texts))
        records = written(tmp_path_factory.mktemp("segment"), block).records()
        assert records.ids == records.labels == tuple(texts)
        assert records.paths == block.records.paths

    def test_vectors_are_stored_in_half_precision(self, tmp_path, make_block):
        block = make_block("abc")
        block.vectors[0, 0] = 1 / 3
        found = written(tmp_path, block).vectors()
        assert found.dtype == np.float16
        np.testing.assert_array_equal(found, block.vectors.astype(np.float16))

    @pytest.mark.parametrize("asked", [[], [0], [1], [3, 1, 0], [2, 2, 1, 2]])
    def test_features_come_in_the_order_asked_for(self, tmp_path, make_block, asked):
        block = make_block("abcd")
        found = written(tmp_path, block).features("sift", asked)
        assert len(found) == len(asked)
        for one, photo in zip(found, asked, strict=True):
            assert_same(one, block.local["sift"][photo])

    def test_a_block_whose_photographs_have_no_feature_at_all_comes_back(self, tmp_path, make_block):
        block = make_block("ab")
        empty = block.local["sift"][1]
        bare = Block(block.records, block.vectors, {"sift": pack([empty, empty])})
        found = written(tmp_path, bare).features("sift", [1, 0])
        assert_same(found[0], empty)

    def test_an_unknown_kind_is_a_key_error(self, tmp_path, make_block):
        with pytest.raises(KeyError, match="disk"):
            written(tmp_path, make_block("ab")).features("disk", [0])

    def test_equal_blocks_give_equal_bytes(self, make_block):
        assert segments.encode(make_block("abc", seed=3)) == segments.encode(make_block("abc", seed=3))


class TestSize:
    def test_an_empty_block_is_refused(self, make_block):
        none = Records(*(values[:0] for values in vars(make_block("a").records).values()))
        with pytest.raises(ValueError, match="1 to 4096 photographs, got 0"):
            segments.encode(Block(none, np.zeros((0, 4), np.float32), {}))

    def test_a_block_that_is_too_large_is_refused(self, make_block, monkeypatch):
        monkeypatch.setattr(segments, "MAX_PHOTOS", 2)
        with pytest.raises(ValueError, match="1 to 2 photographs, got 3"):
            segments.encode(make_block("abc"))


class TestOtherPrograms:
    def test_plain_h5py_reads_a_segment(self, make_block):
        block = make_block(("ä", "b"), labels=("Zürich", ""))
        with h5py.File(io.BytesIO(segments.encode(block)), "r") as file:
            assert file["ids"].asstr()[:].tolist() == ["ä", "b"]
            assert file["labels"].asstr()[0] == "Zürich"
            np.testing.assert_array_equal(file["global"][:], block.vectors)
            np.testing.assert_array_equal(file["local/sift/offsets"][:], block.local["sift"].offsets)
            np.testing.assert_array_equal(file["local/sift/descriptors"][:], block.local["sift"].descriptors)
            np.testing.assert_array_equal(file["statuses"][:], block.records.statuses)

    def test_arrays_lie_in_one_piece(self, make_block):
        with h5py.File(io.BytesIO(segments.encode(make_block("abc"))), "r") as file:
            pieces = []
            file.visititems(
                lambda name, item: pieces.append(item) if isinstance(item, h5py.Dataset) else None
            )
            assert len(pieces) == 16
            assert all(piece.chunks is None and piece.id.get_offset() for piece in pieces)


class TestState:
    def test_a_segment_of_another_length_than_the_state_says_is_refused(self, tmp_path, make_block):
        content = segments.encode(make_block("abc"))
        (tmp_path / "0.h5").write_bytes(content)
        with pytest.raises(StoreError, match="damaged: its length is not what the state lists; restore"):
            Segment(tmp_path / "0.h5", 3, len(content) + 1).records()

    def test_a_segment_of_other_photographs_than_the_state_says_is_refused(self, tmp_path, make_block):
        content = segments.encode(make_block("abc"))
        (tmp_path / "0.h5").write_bytes(content)
        with pytest.raises(StoreError, match="does not hold the photographs that the state lists"):
            Segment(tmp_path / "0.h5", 4, len(content)).vectors()

    def test_an_hdf5_file_of_something_else_is_refused(self, tmp_path):
        with h5py.File(tmp_path / "0.h5", "w") as file:
            file["ids"] = [1, 2]
        with pytest.raises(StoreError, match="damaged"):
            Segment(tmp_path / "0.h5", 2, (tmp_path / "0.h5").stat().st_size).vectors()
