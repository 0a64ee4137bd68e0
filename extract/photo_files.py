"""A photograph's file: its bytes, their hash, and what tells cheaply that it has not changed."""

import hashlib
import os
from typing import NamedTuple

from extract import images
from extract.block import HASH_BYTES
from extract.errors import PhotoError


class Stamp(NamedTuple):
    """Length in bytes and time of the last change, in nanoseconds."""

    bytes: int
    modified_ns: int


def stamp(path: str) -> Stamp | None:
    """Look at a file without reading it; None where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns)


def content_hash(data: bytes) -> bytes:
    """Hash a file's content (BLAKE2b, 16 bytes)."""
    return hashlib.blake2b(data, digest_size=HASH_BYTES).digest()


def content_hash_of(path: str) -> bytes | None:
    """Hash the content of a file; None where it cannot be read."""
    try:
        return content_hash(images.read_bytes(path))
    except PhotoError:
        return None
