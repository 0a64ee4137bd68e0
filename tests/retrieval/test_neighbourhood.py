"""The neighbourhood's file: what it holds, that it stays in step with the store, and what damage does."""

import logging
import shutil

import h5py
import numpy as np
import pytest

from extract.errors import StoreError
from extract.lock import WriterLock
from extract.store import DescriptorStore
from extract.store_writer import INDEX, LOCK_NAME, StoreWriter
from rerank import adaptation, space
from rerank.protocols import Queries
from rerank.ranking import PAD
from retrieval import Engine, neighbourhood

DIM = 192
FILE = "index/neighbourhood.h5"
CHAINS = ["neighbourhood", "dba", "aqe", "diffusion", "dba:space=own", "aqe:space=own", "diffusion:space=own"]


@pytest.fixture(scope="session")
def append(make_block, thumbnails_and_sift):
    """Commit a block of `count` made-up photographs to a store; rows in `superseded` go with it."""

    def call(path, first, count, superseded=(), failed=()):
        ids = [f"{number:04d}" for number in range(first, first + count)]
        with StoreWriter(path, thumbnails_and_sift, DIM) as writer:
            writer.append(make_block(ids, seed=first, failed=failed), superseded)
        return path

    return call


@pytest.fixture(scope="module")
def made(append, tmp_path_factory):
    """A store of fifty photographs in two segments, one of which failed, with its neighbourhood."""
    path = tmp_path_factory.mktemp("made") / "S.store"
    append(path, 0, 30, failed=(4,))
    append(path, 30, 20)
    assert neighbourhood.update(path)
    return path


@pytest.fixture
def path(made, tmp_path):
    return shutil.copytree(made, tmp_path / "S.store")


@pytest.fixture
def warnings(caplog):
    """Give the warnings so far, and forget them."""

    def call():
        found = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
        caplog.clear()
        return found

    return call


def read(path, *, tolerant=False):
    """What an engine would read now."""
    store = DescriptorStore.open(path, tolerant=tolerant)
    rows = np.flatnonzero(store.live & np.isfinite(store.vectors()).all(axis=1))
    return neighbourhood.current(store, rows, store.vectors(rows))


def anew(path):
    """What there would be without a file."""
    store = DescriptorStore.open(path)
    rows = np.flatnonzero(store.live)
    vectors = store.vectors(rows)
    return space.build(rows, vectors, adaptation.fit(vectors))


def arrays_of(own):
    return {
        "rows": own.rows,
        "vectors": own.vectors,
        "neighbours": own.neighbours,
        "closeness": own.closeness,
        "mean": own.adaptation.mean,
        "projection": own.adaptation.projection,
        "expanded": own.expanded(space.DEFAULT).astype(np.float16).astype(np.float32),
    }


def assert_same_bits(found, expected):
    found, expected = arrays_of(found), arrays_of(expected)
    for name, values in found.items():
        assert (values.dtype, values.shape) == (expected[name].dtype, expected[name].shape), name
        assert values.tobytes() == expected[name].tobytes(), name


def answer(engine, chain, k=10, exclude=None):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((5, DIM)).astype(np.float32)
    queries = Queries(vectors, np.full((5, 2), 100, np.int32), {})
    return engine.search(queries, k, engine.chain(chain), exclude=exclude).ranking


def test_what_is_written_is_read_back_bit_for_bit(made, warnings):
    assert_same_bits(read(made), anew(made))
    assert warnings() == []


def test_answers_do_not_depend_on_whether_the_file_is_there(path):
    with_file = answer(Engine.open(path), "neighbourhood")
    shutil.rmtree(path / "index")
    without = answer(Engine.open(path), "neighbourhood")
    assert with_file.rows.tobytes() == without.rows.tobytes()
    assert with_file.scores.tobytes() == without.scores.tobytes()


def test_in_step_the_file_is_left_alone(path):
    before = (path / FILE).stat().st_mtime_ns
    assert neighbourhood.update(path)
    assert (path / FILE).stat().st_mtime_ns == before


def test_failed_photographs_are_not_in_it(made):
    assert read(made).rows.tolist() == [row for row in range(50) if row != 4]


def test_a_small_collection_is_made_anew_whatever_its_history(path, append):
    append(path, 50, 3)
    assert neighbourhood.update(path)
    assert_same_bits(read(path), anew(path))


@pytest.fixture
def large(monkeypatch, path):
    """A collection that counts as large."""
    monkeypatch.setattr(neighbourhood, "ALWAYS_ANEW", 0)
    (path / INDEX / neighbourhood.FILE_NAME).unlink()
    assert neighbourhood.update(path)
    return path


def test_a_large_collection_is_made_anew_after_many_small_changes(large, append):
    # a fifth of the 49 that count is 9: five and four are taken in, the tenth is too much
    before = read(large).adaptation.projection
    for first, count, same in ((50, 5, True), (55, 4, True), (59, 1, False)):
        append(large, first, count)
        assert neighbourhood.update(large)
        assert np.array_equal(read(large).adaptation.projection, before) == same


def test_new_photographs_are_taken_in_and_the_adaptation_stays(large, append):
    path = large
    before = read(path)
    append(path, 50, 6)
    in_memory = read(path)
    assert neighbourhood.update(path)
    assert_same_bits(read(path), in_memory)
    assert in_memory.rows[-6:].tolist() == list(range(50, 56))
    np.testing.assert_array_equal(in_memory.adaptation.projection, before.adaptation.projection)
    # and that is what is built with the same adaptation, but for rounding
    vectors = DescriptorStore.open(path).vectors(in_memory.rows)
    expected = space.build(in_memory.rows, vectors, before.adaptation)
    np.testing.assert_allclose(in_memory.closeness, expected.closeness, atol=1e-3)
    assert np.mean(in_memory.neighbours == expected.neighbours) > 0.99


@pytest.mark.parametrize("change", ["grown", "shrunk"])
def test_beyond_a_fifth_the_collection_is_asked_anew(path, append, change):
    if change == "grown":
        append(path, 50, 12)
    else:
        append(path, 50, 1, superseded=range(12))
    assert_same_bits(read(path), anew(path))
    assert neighbourhood.update(path)
    assert_same_bits(read(path), anew(path))


@pytest.mark.parametrize("brought_in_step", [False, True])
@pytest.mark.parametrize("chain", CHAINS)
def test_superseded_photographs_never_come_back(path, append, chain, brought_in_step):
    gone = [0, 3, 17, 33, 49]
    append(path, 50, 3, superseded=gone)
    if brought_in_step:
        assert neighbourhood.update(path)
    own = read(path)
    assert not np.isin(own.rows, gone).any()
    assert own.neighbours.max() < len(own.rows)
    ranking = answer(Engine.open(path), chain, k=100)
    used = ranking.rows[ranking.used].reshape(5, -1)
    assert sorted(used[0]) == [row for row in range(53) if row not in (*gone, 4)]
    assert not np.isin(used, gone).any()


def test_rows_lost_by_damage_never_come_back(path, append):
    """Lost here: the second segment, rows 30 to 49, which the file still holds."""
    (path / "segments" / "000001.h5").write_bytes(b"no segment")
    own = read(path, tolerant=True)
    assert own.rows.tolist() == [row for row in range(30) if row != 4]
    engine = Engine.open(path)
    for chain in CHAINS:
        ranking = answer(engine, chain, k=100)
        assert sorted(ranking.rows[0][ranking.used[0]]) == own.rows.tolist()
    append(path, 50, 3)
    with pytest.raises(StoreError, match="damaged"):
        neighbourhood.update(path)


def test_a_flipped_bit_is_found_wherever_it_is(path, warnings):
    expected, whole = read(path), (path / FILE).read_bytes()
    places = np.random.default_rng(0).integers(0, len(whole), 30)
    told = 0
    for place in [*places.tolist(), *range(0, 200, 20)]:
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        (path / FILE).write_bytes(changed)
        # The fitted collection is the store's, so that what is made anew is what was in the file.
        assert_same_bits(read(path), expected)
        messages = warnings()
        assert len(messages) <= 1
        told += len(messages)
    assert told > 20


@pytest.mark.parametrize("name", neighbourhood._ARRAYS)
def test_an_array_that_was_altered_is_not_used(path, warnings, name):
    expected = read(path)
    with h5py.File(path / FILE, "r+") as file:
        file[name][...] = 1
    assert_same_bits(read(path), expected)
    assert len(warnings()) == 1


def another_format(path):
    with h5py.File(path / FILE, "r+") as file:
        file.attrs["format"] = neighbourhood.FORMAT + 1


def without_an_array(path):
    with h5py.File(path / FILE, "r+") as file:
        del file["closeness"]


DAMAGES = {
    "empty": lambda path: (path / FILE).write_bytes(b""),
    "text": lambda path: (path / FILE).write_bytes(b"no HDF5 at all" * 100),
    "cut": lambda path: (path / FILE).write_bytes((path / FILE).read_bytes()[:-1]),
    "cut in half": lambda path: (path / FILE).write_bytes((path / FILE).read_bytes()[:20_000]),
    "another format": another_format,
    "without an array": without_an_array,
    "no format": lambda path: h5py.File(path / FILE, "w").close(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_told_once_and_made_anew(path, warnings, damage):
    expected = answer(Engine.open(path), "neighbourhood")
    DAMAGES[damage](path)
    engine = Engine.open(path)
    for _ in range(3):
        assert answer(engine, "neighbourhood").rows.tobytes() == expected.rows.tobytes()
    (message,) = warnings()
    assert "is made anew; `retrieve index` mends the file" in message
    assert neighbourhood.update(path)
    assert len(warnings()) == 1
    assert_same_bits(read(path), anew(path))
    assert warnings() == []


def test_file_of_another_store_is_not_used(path, append, tmp_path, warnings):
    other = append(append(tmp_path / "other.store", 1000, 30, failed=(4,)), 1030, 20)
    shutil.copytree(path / "index", other / "index")
    # the same rows, the same revision, other photographs
    assert_same_bits(read(other), anew(other))
    assert "is that of another store" in warnings()[0]


def test_file_newer_than_its_store_is_refused(path, append):
    old = shutil.copy(path / "STATE.json", path.parent / "old.json")
    append(path, 50, 3)
    assert neighbourhood.update(path)
    shutil.copy(old, path / "STATE.json")
    for call in (neighbourhood.update, read):
        with pytest.raises(StoreError, match=r"newer \(revision 3\) than the store beside it \(2\); delete"):
            call(path)


def test_a_reader_keeps_its_revision_while_the_file_moves_on(path, append, warnings):
    reader = Engine.open(path)
    expected = read(path)
    append(path, 50, 3, superseded=[7])
    assert neighbourhood.update(path)
    own = reader.space("own")
    assert own.rows.tolist() == expected.rows.tolist()
    np.testing.assert_allclose(own.closeness, expected.closeness, atol=1e-3)
    assert sorted(answer(reader, "neighbourhood", k=100).rows[0]) == expected.rows.tolist()
    assert warnings() == []


def test_while_another_process_writes_the_file_is_left_for_later(path, append, run_python):
    append(path, 50, 3)
    before = (path / FILE).read_bytes()
    program = "import sys; from retrieval import neighbourhood; print(neighbourhood.update(sys.argv[1]))"
    with WriterLock(path / LOCK_NAME):
        assert neighbourhood.update(path) is False
        assert run_python(program, path).stdout == "False\n"
    assert (path / FILE).read_bytes() == before
    assert run_python(program, path).stdout == "True\n"
    assert_same_bits(read(path), read(path))


KILLED = """
import os, signal, sys
from pathlib import Path
from retrieval import neighbourhood
moment = sys.argv[2]
if moment == "before the rename":
    os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
else:
    def cut(path, content):
        path.with_name(path.name + ".part").write_bytes(content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    neighbourhood.publish = cut
neighbourhood.update(sys.argv[1])
"""


@pytest.mark.parametrize("moment", ["before the rename", "half written"])
def test_kill_while_writing_leaves_the_old_file(path, append, run_python, warnings, moment):
    append(path, 50, 3)
    before = (path / FILE).read_bytes()
    assert run_python(KILLED, path, moment).returncode == -9
    assert (path / FILE).read_bytes() == before
    in_memory = read(path)
    assert neighbourhood.update(path)
    assert_same_bits(read(path), in_memory)
    assert warnings() == []
    assert [file.name for file in (path / "index").iterdir()] == ["neighbourhood.h5"]


def test_folder_that_cannot_be_made_is_one_sentence(path):
    shutil.rmtree(path / "index")
    (path / "index").write_text("in the way")
    with pytest.raises(StoreError, match="cannot make the folder .*index"):
        neighbourhood.update(path)
    assert_same_bits(read(path), anew(path))


@pytest.mark.parametrize("good", [0, 1, 2])
@pytest.mark.filterwarnings("error")
def test_hardly_any_photographs_are_no_error(append, tmp_path, good):
    path = append(tmp_path / "S.store", 0, 3, failed=range(good, 3))
    assert neighbourhood.update(path)
    assert_same_bits(read(path), anew(path))
    engine = Engine.open(path)
    for chain in CHAINS:
        ranking = answer(engine, chain)
        assert sorted(ranking.rows[0][ranking.used[0]]) == list(range(good))
        assert (ranking.rows[:, good:] == PAD).all()
