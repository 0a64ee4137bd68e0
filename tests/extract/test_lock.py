"""One writer at a time, held by a process that lives."""

import fcntl
import os
import resource
import signal
import subprocess
import sys

import pytest

from extract.errors import StoreBusyError, StoreError
from extract.lock import WriterLock

HOLD = """
import sys, time
from pathlib import Path
from extract.lock import WriterLock
with WriterLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path, request):
    """A process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "LOCK")],
        cwd=request.config.rootpath,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_number_of_the_first(tmp_path, holder):
    with (
        pytest.raises(
            StoreBusyError, match=rf"{tmp_path.name}' is being written by process {holder.pid}; wait"
        ),
        WriterLock(tmp_path / "LOCK"),
    ):
        pass


def test_a_killed_process_holds_nothing(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with WriterLock(tmp_path / "LOCK"):
        assert (tmp_path / "LOCK").read_text() == str(os.getpid())


def test_being_refused_does_not_free_the_lock(tmp_path):
    with WriterLock(tmp_path / "LOCK"):
        for _ in range(2):
            with pytest.raises(StoreBusyError), WriterLock(tmp_path / "LOCK"):
                pass


def test_a_lock_is_free_again_behind_its_block_and_behind_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), WriterLock(tmp_path / "LOCK"):
        _ = 1 / 0
    with WriterLock(tmp_path / "LOCK"):
        pass


def test_a_longer_number_of_a_former_holder_does_not_show(tmp_path):
    (tmp_path / "LOCK").write_text("12345678901234567890")
    with WriterLock(tmp_path / "LOCK"):
        assert (tmp_path / "LOCK").read_text() == str(os.getpid())


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with (
        pytest.raises(StoreError, match=r"^cannot write to the store '.*/none': No such file"),
        WriterLock(tmp_path / "none" / "LOCK"),
    ):
        pass


def test_a_full_disk_has_no_room_for_the_number_but_for_the_lock(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # Python ignores SIGXFSZ
    try:
        with (
            WriterLock(tmp_path / "LOCK"),
            pytest.raises(StoreBusyError, match="process unknown"),
            WriterLock(tmp_path / "LOCK"),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_system_without_locks_is_one_sentence(tmp_path, monkeypatch):
    def unsupported(*arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(StoreError, match=r"^cannot lock the store .* Operation not supported; keep it on"):
        WriterLock(tmp_path / "LOCK").__enter__()
