"""The store: what was appended is read by row, and one writer grows it by whole revisions."""

import itertools
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract import recipe as recipes
from extract.errors import RecipeMismatchError, StoreBusyError, StoreError
from extract.features import pack
from extract.run import run
from extract.store import DescriptorStore
from extract.store_writer import LOCK_NAME, StoreWriter

BLOCKS = [
    [f"{letter}{place}" for place in range(count)] for letter, count in zip("abc", (5, 1, 7), strict=True)
]


def write(path, recipe, *blocks, dim=192):
    with StoreWriter(path, recipe, dim) as writer:
        for block in blocks:
            writer.append(block)


@pytest.fixture(scope="module")
def blocks(make_block):
    return [make_block(ids, seed, failed=(1,) if seed == 0 else ()) for seed, ids in enumerate(BLOCKS)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory, thumbnails_and_sift, blocks):
    """A store of three segments with 5, 1 and 7 photographs."""
    path = tmp_path_factory.mktemp("stores") / "S.store"
    write(path, thumbnails_and_sift, *blocks)
    return path


class TestReading:
    def test_records_of_all_segments_follow_each_other(self, filled, blocks):
        store = DescriptorStore.open(filled)
        assert (store.num_rows, store.revision, store.dim) == (13, 3, 192)
        assert store.records.ids == tuple(itertools.chain(*BLOCKS))
        for name in ("content_hashes", "sizes", "file_bytes", "modified_ns", "statuses"):
            expected = np.concatenate([getattr(block.records, name) for block in blocks])
            np.testing.assert_array_equal(getattr(store.records, name), expected, strict=True)

    @given(rows=st.lists(st.integers(0, 12), min_size=1, max_size=20))
    def test_rows_come_in_any_order_and_again(self, filled, blocks, rows):
        store = DescriptorStore.open(filled)
        vectors = np.concatenate([block.vectors for block in blocks])
        features = [block.local["sift"][place] for block in blocks for place in range(len(block))]
        asked = np.array(rows, np.int64)
        np.testing.assert_array_equal(store.vectors(asked), vectors[asked], strict=True)
        found, expected = store.features("sift", asked), pack([features[row] for row in rows])
        for name, values in vars(expected).items():
            np.testing.assert_array_equal(getattr(found, name), values, strict=True)

    def test_all_vectors_are_those_of_all_rows(self, filled):
        store = DescriptorStore.open(filled)
        np.testing.assert_array_equal(store.vectors(), store.vectors(np.arange(13)), strict=True)

    def test_no_rows_are_no_vectors(self, filled):
        assert DescriptorStore.open(filled).vectors(np.zeros(0, np.int64)).shape == (0, 192)

    @pytest.mark.parametrize("row", [-1, 13, 2**40])
    def test_an_unknown_row_is_refused(self, filled, row):
        store = DescriptorStore.open(filled)
        for read in (store.vectors, lambda rows: store.features("sift", rows)):
            with pytest.raises(StoreError, match=f"has no row {row} at revision 3"):
                read(np.array([0, row]))

    def test_descriptors_that_were_not_kept_are_named_with_what_to_do(self, filled):
        with pytest.raises(
            StoreError,
            match="has no disk descriptors, .*retrieve index PHOTOS --store NEW.store --local sift,disk",
        ):
            DescriptorStore.open(filled).features("disk", np.array([0]))

    def test_failed_rows_do_not_count_but_are_current(self, filled):
        store = DescriptorStore.open(filled)
        assert np.flatnonzero(~store.live).tolist() == [1]
        assert store.current.all()

    def test_a_whole_store_verifies_and_is_as_large_as_its_files(self, filled):
        store = DescriptorStore.open(filled)
        store.verify()
        assert store.num_bytes == sum(file.stat().st_size for file in (filled / "segments").iterdir())

    def test_a_fresh_store_has_no_rows(self, tmp_path, thumbnails):
        write(tmp_path / "S", thumbnails)
        store = DescriptorStore.open(tmp_path / "S")
        assert (store.num_rows, store.revision, len(store.records), store.vectors().shape) == (
            0,
            0,
            0,
            (0, 192),
        )
        assert store.live.shape == store.current.shape == (0,)
        store.verify()


class TestWriting:
    def test_superseded_rows_are_deleted_in_the_same_step(self, tmp_path, thumbnails_and_sift, blocks):
        with StoreWriter(tmp_path / "S", thumbnails_and_sift, 192) as writer:
            writer.append(blocks[0])
            before = writer.store
            writer.append(blocks[1], superseded=[3, 0])
            assert (before.revision, before.num_rows, before.current.all()) == (1, 5, True)
            writer.append(blocks[2], superseded=[5])
            assert writer.store.revision == 3
        store = DescriptorStore.open(tmp_path / "S")
        assert np.flatnonzero(~store.current).tolist() == [0, 3, 5]
        assert np.flatnonzero(~store.live).tolist() == [0, 1, 3, 5]
        np.testing.assert_array_equal(store.vectors(np.array([3])), blocks[0].vectors[3:4])

    def test_a_reader_keeps_its_revision_while_a_writer_appends(self, tmp_path, thumbnails_and_sift, blocks):
        with StoreWriter(tmp_path / "S", thumbnails_and_sift, 192) as writer:
            writer.append(blocks[0])
            reader = DescriptorStore.open(tmp_path / "S")
            writer.append(blocks[2], superseded=[0, 1])
            assert (reader.revision, reader.num_rows) == (1, 5)
            assert reader.records.ids == tuple(BLOCKS[0])
            assert reader.current.all()
            np.testing.assert_array_equal(reader.vectors(), blocks[0].vectors)
            with pytest.raises(StoreError, match="has no row 5 at revision 1"):
                reader.vectors(np.array([5]))
            assert DescriptorStore.open(tmp_path / "S").num_rows == 12

    def test_a_writer_goes_on_behind_another(self, tmp_path, thumbnails_and_sift, blocks, glance, filled):
        for block in blocks:
            write(tmp_path / "S", thumbnails_and_sift, block)
        assert glance(tmp_path / "S") == glance(filled)

    def test_a_second_writer_is_refused(self, tmp_path, thumbnails):
        with (
            StoreWriter(tmp_path / "S", thumbnails, 192),
            pytest.raises(StoreBusyError, match=str(os.getpid())),
        ):
            write(tmp_path / "S", thumbnails)

    def test_parts_of_a_killed_writer_are_swept_out_and_its_segment_is_written_over(
        self, tmp_path, thumbnails_and_sift, blocks, glance, filled
    ):
        write(tmp_path / "S", thumbnails_and_sift, blocks[0])
        (tmp_path / "S/segments/000007.h5.part").write_bytes(b"half a segm")
        (tmp_path / "S/segments/000001.h5").write_bytes(b"published, but its state was not")
        write(tmp_path / "S", thumbnails_and_sift, *blocks[1:])
        assert glance(tmp_path / "S") == glance(filled)
        assert len(list((tmp_path / "S/segments").iterdir())) == 3


class TestRecipe:
    def test_another_recipe_is_refused_and_both_are_named(self, filled, thumbnails):
        digest = DescriptorStore.open(filled).digest
        sentence = f"'unnamed' .digest {digest}., not with 'thumbnails' .digest {thumbnails.digest}.: local"
        with pytest.raises(RecipeMismatchError, match=sentence):
            write(filled, thumbnails)
        with pytest.raises(RecipeMismatchError, match=sentence):
            DescriptorStore.open(filled).check_recipe(thumbnails)

    def test_a_store_gives_its_recipe_back(self, filled, thumbnails_and_sift):
        assert DescriptorStore.open(filled).recipe == thumbnails_and_sift

    def test_files_of_a_recipe_lie_in_the_store(self, tmp_path):
        (tmp_path / "w").write_bytes(b"weights")
        recipe = recipes.from_plain({"global": {"weights": {"path": str(tmp_path / "w"), "sha256": "77"}}})
        write(tmp_path / "S", recipe)
        (tmp_path / "w").unlink()
        kept = DescriptorStore.open(tmp_path / "S").recipe
        assert kept.digest == recipe.digest
        assert (tmp_path / "S/assets/77").read_bytes() == b"weights"
        assert kept.global_config.weights.path == str(tmp_path / "S/assets/77")


class TestFolder:
    @pytest.mark.parametrize("names", [("holiday.jpg",), (LOCK_NAME, "notes.txt"), (".hidden",)])
    def test_a_folder_of_other_files_is_refused_and_untouched(self, tmp_path, thumbnails, names):
        for name in names:
            (tmp_path / name).write_text("mine")
        with pytest.raises(StoreError, match="holds other files and is no store; name a new folder"):
            write(tmp_path, thumbnails)
        assert sorted(os.listdir(tmp_path)) == sorted(names)

    def test_a_file_in_its_place_is_refused(self, tmp_path, thumbnails):
        (tmp_path / "S").write_text("mine")
        with pytest.raises(StoreError, match="is no store; name a new folder"):
            write(tmp_path / "S", thumbnails)
        assert (tmp_path / "S").read_text() == "mine"

    def test_an_empty_folder_and_one_below_nothing_yet_become_stores(self, tmp_path, thumbnails):
        (tmp_path / "empty").mkdir()
        for path in (tmp_path / "empty", tmp_path / "new" / "below"):
            write(path, thumbnails)
            assert DescriptorStore.open(path).num_rows == 0

    def test_what_a_writer_killed_before_its_first_state_left_is_no_store_yet(self, tmp_path, thumbnails):
        (tmp_path / "S/segments").mkdir(parents=True)
        (tmp_path / "S/LOCK").write_text("1")
        (tmp_path / "S/STATE.json.part").write_text("{")
        with pytest.raises(StoreError, match="there is no store at"):
            DescriptorStore.open(tmp_path / "S")
        write(tmp_path / "S", thumbnails)
        assert DescriptorStore.open(tmp_path / "S").num_rows == 0


def test_segments_without_their_state_are_not_written_over(tmp_path, write_photos, thumbnails_and_sift):
    photos = write_photos(tmp_path / "photos", 3)
    run(photos, thumbnails_and_sift, tmp_path / "S")
    (tmp_path / "S" / "STATE.json").unlink()
    before = (tmp_path / "S" / "segments" / "000000.h5").read_bytes()
    with pytest.raises(StoreError, match=r"STATE\.json' is gone"):
        run(photos, thumbnails_and_sift, tmp_path / "S")
    assert (tmp_path / "S" / "segments" / "000000.h5").read_bytes() == before


def test_store_of_another_version_is_refused(tmp_path, write_photos, thumbnails_and_sift, monkeypatch):
    photos = write_photos(tmp_path / "photos", 3)
    run(photos, thumbnails_and_sift, tmp_path / "S")
    monkeypatch.setattr("extract.recipe.EXTRACTION_VERSION", 99)
    with pytest.raises(RecipeMismatchError, match="version of this program"):
        run(photos, thumbnails_and_sift, tmp_path / "S")
