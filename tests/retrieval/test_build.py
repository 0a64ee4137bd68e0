"""Building a store: descriptors, then the neighbourhood that stands in step with them."""

import numpy as np
import pytest

from extract.photos import Photos
from extract.store import DescriptorStore
from extract.store_writer import INDEX
from rerank import space
from retrieval import Engine, build, neighbourhood


@pytest.fixture
def photos(write_photos, tmp_path):
    """Write photographs first to first + count into one folder, and give all that are there."""
    return lambda count, first=0: write_photos(tmp_path / "photos", count, first)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "S.store"


def rows_in_file(path):
    kept, revision, _ = neighbourhood._read(DescriptorStore.open(path))
    return kept.rows.tolist(), revision


def test_a_built_store_has_its_neighbourhood(photos, thumbnails, path):
    told = []
    summary = build.build(photos(8), thumbnails, path, on_start=told.append, on_photo=told.append)
    assert told == [8, *[False] * 8]
    assert summary.described == 8
    store = DescriptorStore.open(path)
    assert rows_in_file(path) == (list(range(8)), store.revision)


def test_a_second_run_takes_in_the_difference(photos, thumbnails, path, monkeypatch):
    monkeypatch.setattr(neighbourhood, "ALWAYS_ANEW", 0)
    build.build(photos(12), thumbnails, path)
    first = Engine.open(path).space("own")
    all_photos = photos(2, first=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbourhood, "update", lambda path: True)
        build.build(all_photos, thumbnails, path)
    in_memory = Engine.open(path)
    expected = [
        [(hit.id, hit.score) for hit in in_memory.query(photo, rerank="neighbourhood")]
        for photo in all_photos.paths
    ]
    build.build(all_photos, thumbnails, path)
    assert rows_in_file(path)[0] == list(range(14))
    engine = Engine.open(path)
    np.testing.assert_array_equal(engine.space("own").adaptation.mean, first.adaptation.mean)
    found = [
        [(hit.id, hit.score) for hit in engine.query(photo, rerank="neighbourhood")]
        for photo in all_photos.paths
    ]
    assert found == expected


def test_a_photograph_that_changed_is_superseded(photos, thumbnails, path, tmp_path, photograph):
    build.build(photos(8), thumbnails, path)
    (tmp_path / "photos" / "003.jpg").write_bytes(photograph(77))
    build.build(Photos.from_folder(tmp_path / "photos"), thumbnails, path)
    assert rows_in_file(path)[0] == [0, 1, 2, 4, 5, 6, 7, 8]
    hits = Engine.open(path).query(tmp_path / "photos" / "003.jpg", rerank="neighbourhood", k=100)
    assert sorted(hit.id for hit in hits) == [f"{number:03d}.jpg" for number in range(8)]


def test_nothing_new_leaves_the_file_alone(photos, thumbnails, path):
    build.build(photos(5), thumbnails, path)
    file = path / INDEX / neighbourhood.FILE_NAME
    before = file.stat().st_mtime_ns
    summary = build.build(photos(0), thumbnails, path)
    assert (summary.described, file.stat().st_mtime_ns) == (0, before)


def test_spaces_of_the_engine_are_made_of_the_same_photographs(photos, thumbnails, path):
    build.build(photos(6), thumbnails, path)
    engine = Engine.open(path)
    vectors = engine.store.vectors()
    expected = space.build(np.arange(6), vectors)
    np.testing.assert_array_equal(engine.space("global").neighbours, expected.neighbours)
    np.testing.assert_array_equal(engine.space("global").vectors, expected.vectors)
    np.testing.assert_array_equal(engine.space("own").rows, np.arange(6))
    assert engine.space("own") is engine.space("own")
