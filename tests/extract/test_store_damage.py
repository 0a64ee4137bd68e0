"""A damaged store is refused in one sentence or reads as it was; it never gives other numbers."""

import numpy as np
import pytest

from extract import state
from extract.errors import StoreError
from extract.store import DescriptorStore
from extract.store_writer import StoreWriter

REFUSED = "refused"
READS = {
    "records": lambda store: tuple(_plain(value) for value in vars(store.records).values()),
    "vectors": lambda store: _plain(store.vectors()),
    "a vector of the first segment": lambda store: _plain(store.vectors(np.array([3]))),
    "features": lambda store: _features(store, np.arange(9)),
    "features of one": lambda store: _features(store, np.array([8])),
    "live": lambda store: _plain(store.live),
}
# One of these reads the first segment alone, which stays whole.
ALL_BUT_THE_FIRST = len(READS) - 1


def _plain(value):
    return (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def _features(store, rows):
    return tuple(_plain(value) for value in vars(store.features("sift", rows)).values())


def read(path):
    try:
        store = DescriptorStore.open(path)
    except StoreError:
        return dict.fromkeys(READS, REFUSED)
    return {name: _or_refused(read_one, store) for name, read_one in READS.items()}


def _or_refused(read_one, store):
    try:
        return read_one(store)
    except StoreError:
        return REFUSED


def verifies(path):
    try:
        DescriptorStore.open(path).verify()
    except StoreError:
        return False
    return True


@pytest.fixture
def path(tmp_path, thumbnails_and_sift, make_block):
    """A store of two segments with 4 and 5 photographs."""
    with StoreWriter(tmp_path / "S", thumbnails_and_sift, 192) as writer:
        writer.append(make_block("abcd", seed=1, failed=(2,)))
        writer.append(make_block("efghi", seed=2), superseded=[1])
    return tmp_path / "S"


@pytest.fixture
def originals(path):
    return read(path)


@pytest.fixture
def segment(path):
    return path / "segments" / "000001.h5"


def assert_refused_or_the_same(path, originals):
    found = read(path)
    assert {name: value for name, value in found.items() if value not in (originals[name], REFUSED)} == {}
    return sum(value == REFUSED for value in found.values())


def test_a_segment_cut_at_any_length_is_refused_by_every_read(path, originals, segment):
    content = segment.read_bytes()
    lengths = {0, 1, 8, len(content) - 1, *np.linspace(0, len(content) - 1, 40, dtype=int)}
    for length in lengths:
        segment.write_bytes(content[:length])
        assert not verifies(path)
        assert assert_refused_or_the_same(path, originals) == ALL_BUT_THE_FIRST
    segment.write_bytes(content + b"\0")
    assert not verifies(path)
    assert assert_refused_or_the_same(path, originals) == ALL_BUT_THE_FIRST


def test_a_byte_altered_anywhere_in_a_segment_gives_no_other_number(path, originals, segment):
    content = segment.read_bytes()
    rng = np.random.default_rng(5)
    # Structure lies mostly in the first and last parts of the file, numbers between them.
    places = {*rng.choice(len(content), 120, replace=False), *range(0, 96, 3)}
    refused = 0
    for place in sorted(places):
        altered = bytearray(content)
        altered[place] ^= int(rng.integers(1, 256))
        segment.write_bytes(altered)
        assert not verifies(path), place
        refused += assert_refused_or_the_same(path, originals) > 0
    assert refused > len(places) // 2
    segment.write_bytes(content)
    assert verifies(path)
    assert assert_refused_or_the_same(path, originals) == 0


def test_a_stretch_of_zeros_in_a_segment_gives_no_other_number(path, originals, segment):
    # What a disk that lost its cache leaves.
    content = segment.read_bytes()
    for start in range(0, len(content), 1024):
        altered = content[:start] + bytes(1024) + content[start + 1024 :]
        segment.write_bytes(altered[: len(content)])
        assert_refused_or_the_same(path, originals)
        assert verifies(path) == (altered[: len(content)] == content)


def test_an_altered_descriptor_spoils_its_own_photograph_alone(path, originals, segment):
    content = segment.read_bytes()
    store = DescriptorStore.open(path)
    descriptors = store.features("sift", np.array([8])).descriptors.tobytes()
    place = content.index(descriptors)
    segment.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    store = DescriptorStore.open(path)
    with pytest.raises(StoreError, match="sift descriptors of its photograph 4 were altered; restore"):
        store.features("sift", np.array([8]))
    assert len(store.features("sift", np.array([4, 5, 6, 7]))) == 4
    assert not verifies(path)


def test_a_missing_segment_is_refused_and_the_others_are_read(path, originals, segment):
    segment.unlink()
    assert not verifies(path)
    assert assert_refused_or_the_same(path, originals) == ALL_BUT_THE_FIRST


def test_two_segments_that_changed_places_are_refused(path, originals, segment):
    first = segment.with_name("000000.h5")
    contents = first.read_bytes(), segment.read_bytes()
    segment.write_bytes(contents[0])
    first.write_bytes(contents[1])
    assert not verifies(path)
    assert_refused_or_the_same(path, originals)


def test_a_byte_altered_anywhere_in_the_state_gives_no_other_number(path, originals):
    file = path / state.FILE_NAME
    content = file.read_bytes()
    rng = np.random.default_rng(6)
    for place in rng.choice(len(content), 150, replace=False):
        altered = bytearray(content)
        altered[place] ^= int(rng.integers(1, 256))
        file.write_bytes(altered)
        assert_refused_or_the_same(path, originals)


def test_a_damaged_state_is_not_written_over(path, thumbnails_and_sift):
    file = path / state.FILE_NAME
    file.write_bytes(file.read_bytes()[:-5])
    before = file.read_bytes()
    with pytest.raises(StoreError, match="was cut or altered"), StoreWriter(path, thumbnails_and_sift, 192):
        pass
    assert file.read_bytes() == before
