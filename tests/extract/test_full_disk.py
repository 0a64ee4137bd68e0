"""A disk that is full or read-only: one sentence, the last revision stays, and the next run goes on."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from extract.errors import StoreError
from extract.store import DescriptorStore
from extract.store_writer import StoreWriter

ADVICE = "what was committed before is whole, mend the disk and run the same command to go on"

LIMITED = """
import resource, sys
from extract.errors import StoreError
photos, store, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    index(photos, store)  # Python ignores SIGXFSZ, so that a write above the limit is an error
except StoreError as error:
    print(error)
"""

MOUNTED = """
import shutil, subprocess, sys
from extract.errors import StoreError
photos, disk, copies, size = sys.argv[1:]
def mount(options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk], check=True)
def go(copy):
    try:
        print(index(photos, disk + "/S").described)
    except StoreError as error:
        print(error)
    shutil.copytree(disk + "/S", f"{copies}/{copy}")
mount("size=" + size)
go("first")
mount("remount," + sys.stdin.readline().strip())
go("second")
mount("remount,rw,size=16m")
go("third")
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory, write_photos):
    """Photographs of which the first eight are of one colour and have no features, so small segments."""
    folder = tmp_path_factory.mktemp("full") / "photos"
    write_photos(folder, 24)
    for number in range(8):
        Image.new("RGB", (64, 64), (number, 20, 30)).save(folder / f"{number:03d}.jpg")
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, photos, index, glance):
    store = tmp_path_factory.mktemp("undisturbed") / "S"
    index(photos, store)
    return glance(store)


def assert_is_a_beginning_of(path, undisturbed):
    store = DescriptorStore.open(path)
    store.verify()
    assert store.records.ids == undisturbed["ids"][: store.num_rows]
    assert undisturbed["vectors"][2].startswith(store.vectors().tobytes())


@pytest.mark.parametrize(
    ("limit", "revision"),
    [(0, None), (100, None), (3_000, 0), (12_000, 2)],
    ids=["no byte", "half a state", "no segment", "small segments alone"],
)
def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(
    tmp_path, photos, index, index_program, run_python, glance, undisturbed, limit, revision
):
    store = tmp_path / "S"
    done = run_python(index_program + LIMITED, photos, store, limit)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cannot write '")
    assert done.stdout.endswith(f"File too large; {ADVICE}\n")
    assert not list(store.rglob("*.part"))
    if revision is None:
        with pytest.raises(StoreError, match="there is no store"):
            DescriptorStore.open(store)
    else:
        assert DescriptorStore.open(store).revision == revision
        assert_is_a_beginning_of(store, undisturbed)
    index(photos, store)
    assert glance(store) == undisturbed


@pytest.fixture
def run_mounted(tmp_path, photos, index_program):
    """Run MOUNTED on a small disk in memory that no other process sees, and that goes with the program."""
    (tmp_path / "disk").mkdir()
    prefix = ["unshare", "--mount", "--map-root-user", "--"]
    probe = [*prefix, "mount", "-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path / "disk")]
    if shutil.which("unshare") is None:
        pytest.skip("this system has no unshare")
    probed = subprocess.run(probe, capture_output=True, text=True)
    if probed.returncode:
        pytest.skip(f"mounting is not permitted here: {probed.stderr.strip()}")

    def run(size, then):
        program = index_program + MOUNTED
        command = [*prefix, sys.executable, "-c", program, photos, tmp_path / "disk", tmp_path, size]
        return subprocess.run(command, input=then, capture_output=True, text=True, timeout=60)

    return run


def test_a_small_disk_that_fills_up_stays_readable_and_goes_on_once_it_is_larger(
    tmp_path, run_mounted, glance, undisturbed
):
    done = run_mounted("96k", then="size=96k")
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert first.startswith("cannot write '")
    assert first.endswith(f"No space left on device; {ADVICE}")
    assert second == first
    assert DescriptorStore.open(tmp_path / "first").revision >= 1
    assert_is_a_beginning_of(tmp_path / "first", undisturbed)
    assert_is_a_beginning_of(tmp_path / "second", undisturbed)
    assert int(third) == 24 - DescriptorStore.open(tmp_path / "second").num_rows
    assert glance(tmp_path / "third") == undisturbed


def test_a_store_on_a_disk_that_became_read_only_is_read_and_not_written(
    tmp_path, run_mounted, glance, undisturbed
):
    done = run_mounted("16m", then="ro")
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert (first, third) == ("24", "0")
    assert second.startswith("cannot write to the store '")
    assert second.endswith("Read-only file system")
    assert glance(tmp_path / "second") == undisturbed


def test_a_place_where_no_folder_can_be_made_is_one_sentence(thumbnails):
    with pytest.raises(StoreError, match=r"^cannot make the store '/proc/self/S': "):
        StoreWriter("/proc/self/S", thumbnails, 192).__enter__()


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_without_permission_to_write_is_one_sentence(tmp_path, thumbnails):
    (tmp_path / "S").mkdir()
    (tmp_path / "S").chmod(0o500)
    with pytest.raises(StoreError, match=r"^cannot (make|write to) the store '.*/S': Permission denied"):
        StoreWriter(tmp_path / "S", thumbnails, 192).__enter__()


def test_the_undisturbed_run_has_small_segments_first(undisturbed):
    offsets = np.frombuffer(undisturbed["sift offsets"][2], np.int64)
    assert offsets[8] == 0
    assert offsets[-1] > 24
