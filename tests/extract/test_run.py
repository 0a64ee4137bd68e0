"""A run describes what is new or changed, and nothing else."""

import dataclasses
import os

import numpy as np
import pytest

from extract import images, photo_files, state
from extract.errors import PhotoRetryError, RecipeMismatchError, StoreBusyError
from extract.global_descriptors import thumbnail
from extract.photos import Photos
from extract.run import run
from extract.store import DescriptorStore
from extract.store_writer import StoreWriter


@pytest.fixture
def photos(tmp_path, write_photos):
    return write_photos(tmp_path / "photos", 6)


@pytest.fixture
def store(tmp_path, photos, thumbnails_and_sift):
    """A store that holds `photos`."""
    run(photos, thumbnails_and_sift, tmp_path / "S")
    return tmp_path / "S"


@pytest.fixture
def decoded(monkeypatch):
    """The files that were decoded since, by content."""
    contents = []
    decode = images.decode

    def counting(data, config):
        contents.append(data)
        return decode(data, config)

    monkeypatch.setattr(images, "decode", counting)
    return contents


def current_ids(path):
    store = DescriptorStore.open(path)
    return sorted(store.records.ids[row] for row in np.flatnonzero(store.current))


def row_of(path, photo):
    store = DescriptorStore.open(path)
    (row,) = (row for row in np.flatnonzero(store.current) if store.records.ids[row] == photo)
    return int(row)


def descriptors(path, row):
    store = DescriptorStore.open(path)
    packed = store.features("sift", np.array([row]))
    return [store.vectors(np.array([row])).tobytes(), *(values.tobytes() for values in vars(packed).values())]


class TestKnownPhotos:
    def test_a_second_run_describes_nothing(self, photos, store, thumbnails_and_sift, decoded):
        started = []
        summary = run(photos, thumbnails_and_sift, store, on_start=started.append)
        assert (summary.photos, summary.known, summary.described, summary.failures) == (6, 6, 0, ())
        assert started == [0]
        assert decoded == []
        assert DescriptorStore.open(store).revision == 1

    def test_a_file_that_was_only_touched_is_not_described_again(
        self, photos, store, thumbnails_and_sift, decoded
    ):
        os.utime(photos.paths[2])
        assert run(photos, thumbnails_and_sift, store).described == 0
        assert decoded == []

    def test_photos_that_only_the_store_has_are_left_alone(self, photos, store, thumbnails_and_sift):
        assert run(photos.select([1]), thumbnails_and_sift, store).known == 1
        assert current_ids(store) == sorted(photos.ids)


class TestChangedPhotos:
    def test_a_changed_file_supersedes_its_row(
        self, photos, store, thumbnails_and_sift, photograph, decoded, tmp_path
    ):
        with open(photos.paths[2], "wb") as file:
            file.write(photograph(50))
        assert run(photos, thumbnails_and_sift, store).described == 1
        assert decoded == [photograph(50)]
        assert np.flatnonzero(~DescriptorStore.open(store).current).tolist() == [2]
        run(photos, thumbnails_and_sift, tmp_path / "fresh")
        assert descriptors(store, row_of(store, "002.jpg")) == descriptors(tmp_path / "fresh", 2)

    def test_a_renamed_file_borrows_its_descriptors_without_being_decoded(
        self, photos, store, thumbnails_and_sift, decoded
    ):
        os.rename(photos.paths[4], photos.paths[4].replace("004", "renamed"))
        moved = Photos.from_folder(os.path.dirname(photos.paths[4]))
        assert run(moved, thumbnails_and_sift, store).described == 1
        assert decoded == []
        assert descriptors(store, row_of(store, "renamed.jpg")) == descriptors(store, 4)
        records = DescriptorStore.open(store).records
        assert records.sizes[6].tolist() == records.sizes[4].tolist() == [160, 120]

    def test_a_hash_that_ends_in_zero_is_found_too(self, photos, tmp_path, thumbnails, photograph, decoded):
        padded = (photograph(0) + bytes(count) for count in range(1, 5000))
        content = next(data for data in padded if photo_files.content_hash(data)[-1] == 0)
        (tmp_path / "a.jpg").write_bytes(content)
        for name in ("one", "other"):
            run(Photos((name,), (str(tmp_path / "a.jpg"),), ("",), ({},)), thumbnails, tmp_path / "S")
        assert decoded == [content]

    @pytest.mark.parametrize(
        "change",
        [{"labels": ("tower",) * 6}, {"metadata": ({"city": "Köln"},) * 6}],
        ids=["label", "metadata"],
    )
    def test_a_changed_word_makes_a_new_row_without_decoding(
        self, photos, store, thumbnails_and_sift, decoded, change
    ):
        summary = run(dataclasses.replace(photos, **change), thumbnails_and_sift, store)
        assert (summary.described, decoded) == (6, [])
        opened = DescriptorStore.open(store)
        assert opened.current.tolist() == [False] * 6 + [True] * 6
        assert set(opened.records.labels[6:]) == set(change.get("labels", [""]))
        for row in range(6):
            assert descriptors(store, row) == descriptors(store, row + 6)

    def test_two_ids_of_one_file_are_two_rows(self, photos, tmp_path, thumbnails_and_sift):
        twice = Photos(("a", "b"), (photos.paths[0],) * 2, ("x", "y"), ({}, {}))
        run(twice, thumbnails_and_sift, tmp_path / "T")
        assert descriptors(tmp_path / "T", 0) == descriptors(tmp_path / "T", 1)


class TestBrokenPhotos:
    def test_they_are_failed_rows_with_reasons_and_shift_nobody(
        self, photos, store, thumbnails_and_sift, tmp_path
    ):
        paths = list(photos.paths)
        with open(paths[0], "r+b") as file:
            file.truncate(700)
        with open(paths[3], "wb") as file:
            file.write(b"no picture")
        paths[5] = str(tmp_path / "none.jpg")
        broken = dataclasses.replace(photos, paths=tuple(paths))
        seen = []
        summary = run(broken, thumbnails_and_sift, tmp_path / "B", on_photo=seen.append)
        assert seen == [True, False, False, True, False, True]
        assert [failure.id for failure in summary.failures] == ["000.jpg", "003.jpg", "005.jpg"]
        assert [failure.path for failure in summary.failures] == [paths[0], paths[3], paths[5]]
        words = ("cut off", "not a picture", "no such file")
        assert [word in failure.reason for word, failure in zip(words, summary.failures, strict=True)] == [
            True
        ] * 3
        opened = DescriptorStore.open(tmp_path / "B")
        assert opened.records.ids == photos.ids
        assert opened.live.tolist() == [False, True, True, False, True, False]
        for row in (1, 2, 4):
            assert descriptors(tmp_path / "B", row) == descriptors(store, row)
        for row in (0, 3, 5):
            assert not opened.vectors(np.array([row])).any()
            assert len(opened.features("sift", np.array([row]))[0]) == 0

    def test_one_that_is_still_missing_is_not_tried_again_but_is_once_it_is_there(
        self, photos, tmp_path, thumbnails, photograph
    ):
        content = photograph(1)
        os.unlink(photos.paths[1])
        first = run(photos, thumbnails, tmp_path / "S")
        again = run(photos, thumbnails, tmp_path / "S")
        assert (again.described, again.failures) == (0, first.failures)
        assert [failure.id for failure in first.failures] == ["001.jpg"]
        with open(photos.paths[1], "wb") as file:
            file.write(content)
        mended = run(photos, thumbnails, tmp_path / "S")
        assert (mended.described, mended.failures) == (1, ())
        assert current_ids(tmp_path / "S") == sorted(photos.ids)

    def test_one_that_is_still_damaged_is_not_tried_again_but_is_once_it_is_mended(
        self, photos, tmp_path, thumbnails, photograph, decoded
    ):
        with open(photos.paths[1], "wb") as file:
            file.write(photograph(1)[:700])
        run(photos, thumbnails, tmp_path / "S")
        decoded.clear()
        assert len(run(photos, thumbnails, tmp_path / "S").failures) == 1
        assert decoded == []
        with open(photos.paths[1], "wb") as file:
            file.write(photograph(1))
        assert run(photos, thumbnails, tmp_path / "S").failures == ()
        assert decoded == [photograph(1)]

    def test_one_that_vanished_keeps_its_row(self, photos, store, thumbnails_and_sift, decoded, caplog):
        os.rename(photos.paths[2], photos.paths[2] + ".away")
        summary = run(photos, thumbnails_and_sift, store)
        assert (summary.failures, summary.described, decoded) == ((), 0, [])
        assert "1 photos are gone from the disk" in caplog.text
        assert row_of(store, "002.jpg") == 2

    def test_one_that_needs_a_library_is_tried_again(self, photos, tmp_path, thumbnails, monkeypatch):
        def refuse(data, config):
            raise PhotoRetryError("HEIC needs the package pillow-heif")

        with monkeypatch.context() as without:
            without.setattr(images, "decode", refuse)
            assert len(run(photos, thumbnails, tmp_path / "S").failures) == len(photos)
        assert run(photos, thumbnails, tmp_path / "S").failures == ()

    def test_a_moved_folder_is_known_by_its_new_name_without_decoding(
        self, photos, store, thumbnails_and_sift, decoded
    ):
        old = os.path.dirname(photos.paths[0])
        os.rename(old, old + " moved")
        run(Photos.from_folder(old + " moved"), thumbnails_and_sift, store)
        assert decoded == []
        path = DescriptorStore.open(store).records.paths[row_of(store, "002.jpg")]
        assert path == os.fsencode(os.path.join(old + " moved", "002.jpg"))

    def test_failures_of_photos_that_were_not_given_are_not_told(self, photos, tmp_path, thumbnails):
        os.unlink(photos.paths[1])
        run(photos, thumbnails, tmp_path / "S")
        assert run(photos.select([0, 2]), thumbnails, tmp_path / "S").failures == ()


class TestSameNumbers:
    @pytest.mark.parametrize("threads", [1, 2, 4])
    @pytest.mark.parametrize("batch_size", [1, 3, 8])
    def test_with_any_number_of_threads_and_batches_of_any_size(
        self, photos, store, thumbnails_and_sift, glance, tmp_path, monkeypatch, threads, batch_size
    ):
        plain = thumbnail.ThumbnailDescriptor.__init__

        def init(self, config):
            plain(self, config)
            self.batch_size = batch_size

        monkeypatch.setattr(thumbnail.ThumbnailDescriptor, "__init__", init)
        run(photos, thumbnails_and_sift, tmp_path / "T", threads=threads)
        assert glance(tmp_path / "T") == glance(store)

    def test_a_run_in_two_parts_cuts_segments_as_one_run(self, tmp_path, write_photos, index):
        photos = write_photos(tmp_path / "p", 30)
        index(tmp_path / "p", tmp_path / "whole")
        for path in photos.paths[8:]:
            os.rename(path, path + ".later")
        index(tmp_path / "p", tmp_path / "parts")
        for path in photos.paths[8:]:
            os.rename(path + ".later", path)
        index(tmp_path / "p", tmp_path / "parts")
        for name in ("whole", "parts"):
            assert [entry.photos for entry in state.read(tmp_path / name).segments] == [4] * 7 + [2]

    def test_blocks_grow_with_the_store(self, tmp_path, write_photos, thumbnails, monkeypatch):
        for name, value in (("MIN_BLOCK", 2), ("MAX_BLOCK", 5), ("ROWS_PER_BLOCK_ROW", 2)):
            monkeypatch.setattr(f"extract.run.{name}", value)
        run(write_photos(tmp_path / "p", 24), thumbnails, tmp_path / "S")
        # Half of the rows so far, rounded down to twos, between 2 and 5: 0, 2, 4, 6, 8, 12, 17, 22 rows.
        assert [entry.photos for entry in state.read(tmp_path / "S").segments] == [2, 2, 2, 2, 4, 5, 5, 2]


class TestStores:
    def test_another_recipe_is_refused(self, photos, store, thumbnails):
        with pytest.raises(RecipeMismatchError):
            run(photos, thumbnails, store)

    def test_a_store_that_is_being_written_is_refused(self, photos, store, thumbnails_and_sift):
        with StoreWriter(store, thumbnails_and_sift, 192), pytest.raises(StoreBusyError):
            run(photos, thumbnails_and_sift, store)
