"""Put a file in place whole or not at all, so that a process may die at any byte."""

import contextlib
import os
from pathlib import Path

from extract.errors import StoreError

PART_SUFFIX = ".part"


def publish(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, flush it to the disk, then rename it over `path`.

    Raises:
        StoreError: the disk is full, read-only or failing; what stood at `path` is untouched.
    """
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # a disk that turned read-only; the next run writes over it
            part.unlink()
        raise StoreError(
            f"cannot write {str(path)!r}: {error.strerror}; what was committed before is whole, "
            "mend the disk and run the same command to go on"
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
