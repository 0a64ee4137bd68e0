"""A run killed at any moment leaves a store that opens, and the next run ends as if nothing had happened."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from extract.errors import StoreError
from extract.store import DescriptorStore

pytestmark = pytest.mark.slow

NUM_PHOTOS = 60
# Of a fresh store 1 + 2 x 15 files are published, of a grown one 2 x 15; each passes 7 moments: the half of
# it written, then before and behind the flush, the renaming and the flush of the folder.
FRESH = [("fresh", "kill", step) for step in range(0, 31 * 7, 9)]
GROWN = [("grown", "kill", step) for step in range(2, 30 * 7, 24)]
INTERRUPTED = [(start, "interrupt", step) for start in ("fresh", "grown") for step in range(5, 30 * 7, 80)]
TIMED = [(start, "late kill", percent) for start in ("fresh", "grown") for percent in range(5, 100, 40)]
MOMENTS = FRESH + GROWN + INTERRUPTED + TIMED

# Forks a process for each moment, so that libraries are loaded once; each really dies by the signal.
KILLER = """
import io, itertools, json, os, pathlib, shutil, signal, sys, time
import cv2, h5py, simplejpeg
import extract.global_descriptors.thumbnail, extract.local_descriptors.sift
photos, folder, old = sys.argv[1:]
open_plainly = pathlib.Path.open

def stop_at(last, signal_number):
    steps = itertools.count()
    def tick():
        if next(steps) == last:
            os.kill(os.getpid(), signal_number)
    def ticking(function):
        def call(*arguments):
            tick()
            function(*arguments)
            tick()
        return call
    class Halting(io.BufferedWriter):
        def write(self, content):
            super().write(content[: len(content) // 2])
            self.flush()
            tick()
            super().write(content[len(content) // 2 :])
    def open_halting(path, mode="r", *rest, **named):
        if mode == "wb":
            return Halting(io.FileIO(path, "w"))
        return open_plainly(path, mode, *rest, **named)
    os.fsync, os.replace, pathlib.Path.open = ticking(os.fsync), ticking(os.replace), open_halting

def fork(store, stop):
    process = os.fork()
    if process:
        return process
    try:
        stop()
        index(photos, store)
    except KeyboardInterrupt:
        os._exit(130)
    os._exit(0)

def ended(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

started = time.monotonic()
ended(fork(folder + "/timed", lambda: None))
whole_s = time.monotonic() - started
for start, how, when in json.load(sys.stdin):
    store = f"{folder}/{start} {how} {when}"
    if start == "grown":
        shutil.copytree(old, store)
    if how == "late kill":
        process = fork(store, lambda: None)
        time.sleep(whole_s * when / 100)
        os.kill(process, signal.SIGKILL)
    else:
        number = signal.SIGKILL if how == "kill" else signal.SIGINT
        process = fork(store, lambda: stop_at(when, number))
    print(json.dumps([[start, how, when], ended(process)]))
"""


SHOWN = """
import sys
index(*sys.argv[1:], on_photo=lambda failed: print(".", flush=True))
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory, write_photos):
    """A list of 60 photographs: one is missing, one cut off, one a copy of another."""
    folder = tmp_path_factory.mktemp("crash")
    write_photos(folder, NUM_PHOTOS)
    (folder / "020.jpg").unlink()
    (folder / "033.jpg").write_bytes((folder / "033.jpg").read_bytes()[:500])
    shutil.copy(folder / "005.jpg", folder / "041.jpg")
    return write_list(folder / "list.csv", range(NUM_PHOTOS), label="new")


def write_list(path, numbers, label):
    lines = [f"photo {number},{number:03d}.jpg,{label}" for number in numbers]
    path.write_text("\n".join(["id,file,label", *lines]))
    return path


@pytest.fixture(scope="module")
def starts(tmp_path_factory, photos, index, glance):
    """What a run begins from: nothing, or a store in which twelve photographs have another label."""
    folder = tmp_path_factory.mktemp("starts")
    index(write_list(photos.with_name("old.csv"), range(14, 26), label="old"), folder / "old")
    shutil.copytree(folder / "old", folder / "grown")
    looks = {}
    for start in ("fresh", "grown"):
        index(photos, folder / start)
        looks[start] = glance(folder / start), segment_files(folder / start)
    return folder, looks


@pytest.fixture(scope="module")
def killed(tmp_path_factory, photos, starts, index_program):
    """The stores that runs left behind, and how each of them ended."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-c", index_program + KILLER, photos, folder, starts[0] / "old"]
    done = subprocess.run(command, input=json.dumps(MOMENTS), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    endings = {tuple(moment): code for moment, code in map(json.loads, done.stdout.splitlines())}
    return folder, endings


def segment_files(store):
    return {file.name: file.read_bytes() for file in (store / "segments").iterdir()}


def assert_whole(store, start, whole):
    """Each revision is complete by itself: rows as in the end, and each photograph with one last word."""
    store.verify()
    assert store.records.ids == whole["ids"][: store.num_rows]
    assert whole["vectors"][2].startswith(store.vectors().tobytes())
    current = [store.records.ids[row] for row in np.flatnonzero(store.current)]
    assert len(set(current)) == len(current)
    if start == "grown":
        assert {f"photo {number}" for number in range(14, 26)} <= set(current)


def test_there_are_moments_enough_and_of_every_kind():
    assert len(FRESH + GROWN) >= 30
    assert {step % 7 for _, _, step in FRESH} == set(range(7))


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: "-".join(map(str, moment)))
def test_a_run_that_was_stopped_goes_on(killed, starts, photos, index, glance, moment):
    folder, endings = killed
    start, how, when = moment
    whole, whole_files = starts[1][start]
    expected = {"kill": (-signal.SIGKILL,), "interrupt": (130,), "late kill": (-signal.SIGKILL, 0)}[how]
    assert endings[moment] in expected
    path = folder / f"{start} {how} {when}"
    rows_before = 0
    if how != "late kill":
        # Behind the fourth moment the first state is in place.
        assert (path / "STATE.json").exists() == (start == "grown" or when >= 4)
    if (path / "STATE.json").exists():
        store = DescriptorStore.open(path)
        assert_whole(store, start, whole)
        rows_before = store.num_rows
    else:
        with pytest.raises(StoreError, match="there is no store at"):
            DescriptorStore.open(path)
    summary = index(photos, path)
    assert summary.described == len(whole["ids"]) - rows_before
    assert glance(path) == whole
    assert segment_files(path) == whole_files


def test_control_c_ends_a_run_at_once_and_it_goes_on(tmp_path, photos, index, index_program, glance, starts):
    command = [sys.executable, "-c", index_program + SHOWN, photos, tmp_path / "S"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(25):
            assert process.stdout.readline() == ".\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert_whole(DescriptorStore.open(tmp_path / "S"), "fresh", starts[1]["fresh"][0])
    index(photos, tmp_path / "S")
    assert glance(tmp_path / "S") == starts[1]["fresh"][0]
