"""One writer at a time: a lock of the operating system, which a dead process does not keep."""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType

from extract.errors import StoreBusyError, StoreError


class WriterLock:
    """Hold the lock file of a store for the length of a `with` block.

    Raises (on entry):
        StoreBusyError: another process holds it; the sentence names its process id.
        StoreError: the lock file cannot be made, e.g. in a folder that is read-only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> "WriterLock":
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise StoreError(
                f"cannot write to the store {str(self._path.parent)!r}: {error.strerror}"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreBusyError(
                f"the store {str(self._path.parent)!r} is being written by process {holder}; "
                "wait until it is done, then run again"
            ) from error
        except OSError as error:
            os.close(self._descriptor)
            raise StoreError(
                f"cannot lock the store {str(self._path.parent)!r}: {error.strerror}; "
                "keep it on a file system that has locks"
            ) from error
        # A full disk has no room for the number: the lock holds all the same, its holder stays unnamed.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: to delete it would let two processes lock two files of one name.
        os.close(self._descriptor)
