"""Photographs to blocks: in order, bounded, and an error ends it at once."""

import os
import threading
import time
import weakref

import numpy as np
import pytest

from extract import describe, images
from extract.describe import Lent
from extract.extractors import Derived, Extractors
from extract.features import Features
from extract.photos import Photos

AHEAD_PER_THREAD = 6


class Probe:
    """A global extractor that counts the pictures that are held; a vector is the mean and the height."""

    dim = 2
    batch_size = 8
    channels = 3

    def __init__(self):
        self.lock = threading.Lock()
        self.prepared = self.held = self.most_held = 0
        self.batches = []

    def prepare(self, pixels):
        small = pixels[::2, ::2].copy()
        with self.lock:
            self.prepared += 1
            self.held += 1
            self.most_held = max(self.most_held, self.held)
        weakref.finalize(small, self._let_go)
        return small

    def extract(self, batch):
        self.batches.append(batch.shape)
        return np.array([[picture.mean(), len(picture)] for picture in batch], np.float32)

    def extract_with_maps(self, batch):
        return self.extract(batch), batch.transpose(0, 3, 1, 2).astype(np.float32)

    def _let_go(self):
        with self.lock:
            self.held -= 1


class Brightness:
    """A local descriptor of a map, a photograph or other features: how bright they are."""

    empty = Features(np.zeros((0, 0), np.float32), np.zeros((0, 1), np.float16), np.zeros(0, np.float32))

    def extract(self, photo):
        return self._of(photo.pixels)

    def extract_map(self, feature_map):
        return self._of(feature_map)

    def derive(self, features):
        return self._of(10 * features.descriptors)

    def _of(self, values):
        return Features(np.zeros((1, 0), np.float32), np.float16([[values.mean()]]), np.zeros(1, np.float32))


def of(probe):
    return Extractors(images.Config(), probe, {}, {}, {}, ())


def blocks_of(photos, probe, sizes=4, **options):
    return list(describe.describe(photos, of(probe), block_sizes=lambda: sizes, **options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_photos):
    folder = tmp_path_factory.mktemp("describe")
    write_photos(folder, 60)
    return folder


@pytest.fixture
def photos(folder):
    return Photos.from_folder(folder)


def test_blocks_hold_the_photos_in_order(photos):
    sizes = iter([4, 9, 1, 30, 100])
    blocks = list(describe.describe(photos, of(Probe()), block_sizes=lambda: next(sizes)))
    assert [len(block) for block in blocks] == [4, 9, 1, 30, 16]
    assert sum((block.records.ids for block in blocks), ()) == photos.ids
    vectors = np.concatenate([block.vectors for block in blocks])
    for path, vector in zip(photos.paths, vectors, strict=True):
        pixels = images.read_photo(path, images.Config()).pixels[::2, ::2]
        assert vector.tolist() == [np.float32(pixels.mean()), 60]


def test_no_photos_are_no_blocks(photos):
    assert blocks_of(photos.select([]), Probe()) == []


def test_batches_are_of_one_shape_and_within_one_block(tmp_path, write_photos):
    photos = write_photos(tmp_path, 23)
    from PIL import Image

    for path in photos.paths[::3]:
        Image.open(path).rotate(90, expand=True).save(path)
    probe = Probe()
    blocks_of(photos, probe, sizes=20)
    assert {shape[1:] for shape in probe.batches} == {(60, 80, 3), (80, 60, 3)}
    # Of 20 photographs 7 are upright and 13 are not, of the last three 1 and 2.
    assert sorted(shape[0] for shape in probe.batches) == sorted([7, 8, 5, 1, 2])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("repeats", [1, 5])
def test_what_is_held_does_not_grow_with_the_number_of_photos(photos, threads, repeats):
    many = Photos(
        tuple(f"{name} {turn}" for turn in range(repeats) for name in photos.ids),
        photos.paths * repeats,
        ("",) * 60 * repeats,
        ({},) * 60 * repeats,
    )
    probe, taken, ahead = Probe(), [], []

    def slow_consumer(failed):
        taken.append(failed)
        ahead.append(probe.prepared - len(taken))
        time.sleep(0.001)

    blocks_of(many, probe, sizes=50, threads=threads, on_photo=slow_consumer)
    assert len(taken) == probe.prepared == 60 * repeats
    assert max(ahead) <= AHEAD_PER_THREAD * threads + 1
    # Beside those ahead, one batch is being gathered and one a thread is on its way.
    assert probe.most_held <= AHEAD_PER_THREAD * threads + 1 + Probe.batch_size * (1 + threads)


def test_each_photo_is_told_once_in_order(photos, tmp_path):
    missing = str(tmp_path / "none.jpg")
    paths = tuple(missing if row % 7 == 3 else path for row, path in enumerate(photos.paths))
    told = []
    broken = Photos(photos.ids, paths, photos.labels, photos.metadata)
    blocks = blocks_of(broken, Probe(), threads=4, on_photo=told.append)
    assert told == [row % 7 == 3 for row in range(60)]
    assert [bool(s) for block in blocks for s in block.records.statuses] == told
    hashes = np.concatenate([block.records.content_hashes for block in blocks])
    assert hashes.any(axis=1).tolist() == [not failed for failed in told]


def test_what_is_lent_is_not_decoded(photos, monkeypatch):
    def refuse(data, config):
        raise AssertionError("decoded")

    monkeypatch.setattr(images, "decode", refuse)
    lent = Lent(np.array([7, 5], np.int32), np.array([1, 2], np.float32), {})
    (block,) = blocks_of(photos, Probe(), sizes=60, lend=lambda content_hash: lent)
    assert block.vectors.tolist() == [[1, 2]] * 60
    assert block.records.sizes.tolist() == [[7, 5]] * 60
    assert [os.path.getsize(path) for path in photos.paths] == block.records.file_bytes.tolist()


def test_maps_and_photos_give_features_and_others_are_derived_from_them(photos, tmp_path):
    photos = Photos(photos.ids, (str(tmp_path / "none"), *photos.paths[1:]), photos.labels, photos.metadata)
    local = Brightness()
    extractors = Extractors(
        images.Config(),
        Probe(),
        {"photo": local, "hidden": local},
        {"map": local},
        {"of map": Derived("map", local), "of hidden": Derived("hidden", local)},
        ("of hidden", "map", "photo", "of map"),
    )
    blocks = list(describe.describe(photos, extractors, block_sizes=lambda: 25, threads=3))
    assert all(tuple(block.local) == extractors.kept for block in blocks)
    seen = {kind: [block.local[kind] for block in blocks] for kind in extractors.kept}
    values = {
        kind: np.concatenate([one.descriptors[:, 0] for one in packed]) for kind, packed in seen.items()
    }
    assert {len(one) for one in values.values()} == {59}
    assert [len(blocks[0].local["of map"][row]) for row in (0, 1)] == [0, 1]
    vectors = np.concatenate([block.vectors for block in blocks])[1:]
    np.testing.assert_allclose(values["map"], vectors[:, 0], rtol=1e-3)
    np.testing.assert_allclose(values["of map"], 10 * values["map"], rtol=2e-3)
    np.testing.assert_allclose(values["of hidden"], 10 * values["photo"], rtol=2e-3)


def test_maps_are_made_only_where_a_descriptor_reads_them(photos, monkeypatch):
    monkeypatch.setattr(Probe, "extract_with_maps", None)
    local = Brightness()
    whole = Extractors(images.Config(), Probe(), {"photo": local}, {"map": local}, {}, ("photo", "map"))
    (block,) = describe.describe(photos, whole.only({"photo"}), block_sizes=lambda: 60)
    assert tuple(block.local) == ("photo",)


def test_a_mistake_of_the_network_ends_it_and_leaves_no_thread(photos, monkeypatch):
    def mistaken(self, pixels):
        raise ZeroDivisionError("network")

    threads_before = threading.active_count()
    monkeypatch.setattr(Probe, "extract", mistaken)
    with pytest.raises(ZeroDivisionError, match="network"):
        blocks_of(photos, Probe())
    assert threading.active_count() == threads_before


def test_one_picture_that_cannot_be_prepared_stops_nobody_and_is_tried_again(photos, monkeypatch):
    prepare = Probe.prepare

    def prepare_all_but_one(self, pixels):
        if self.prepared == 3:
            self.prepared += 1
            raise ZeroDivisionError("odd")
        return prepare(self, pixels)

    monkeypatch.setattr(Probe, "prepare", prepare_all_but_one)
    (block,) = blocks_of(photos, Probe(), sizes=100, threads=1)
    failed = np.flatnonzero(block.records.statuses)
    assert [block.records.reasons[row] for row in failed] == ["cannot be described: odd"]
    # Without a hash it counts as never read.
    assert not block.records.content_hashes[failed].any()


def test_a_vector_that_half_precision_cannot_hold_is_a_failure(photos, monkeypatch):
    monkeypatch.setattr(Probe, "extract", lambda self, batch: np.full((len(batch), 2), 1e6, np.float32))
    blocks = blocks_of(photos, Probe())
    assert all(block.records.statuses.all() and not block.vectors.any() for block in blocks)


def test_control_c_stops_the_threads(photos, monkeypatch):
    prepare = Probe.prepare

    def prepare_slowly(self, pixels):
        time.sleep(0.02)
        return prepare(self, pixels)

    monkeypatch.setattr(Probe, "prepare", prepare_slowly)
    probe, prepared = Probe(), []

    def interrupt(failed):
        prepared.append(probe.prepared)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blocks_of(photos, probe, threads=2, on_photo=interrupt)
    # What a thread has in hand is finished, what waits in the queue is not begun.
    assert probe.prepared <= prepared[0] + 2


def test_equal_metadata_is_stored_as_equal_text():
    assert describe.metadata_text({"b": "ä", "a": "1"}) == describe.metadata_text({"a": "1", "b": "ä"})
    assert describe.metadata_text({}) == "{}"


def test_cores_are_those_that_this_process_may_use():
    assert describe.num_cores() == len(os.sched_getaffinity(0))
