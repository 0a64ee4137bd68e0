"""Silence the warnings of picture libraries, in the thread that decodes and in no other."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def picture_libraries() -> Iterator[None]:
    """Drop every warning that this thread raises in the block; other threads and callers keep theirs.

    `warnings.catch_warnings` swaps the filters of the whole process, so two threads in it undo each other's.
    Here one filter stays in place for good and matches only while the thread that warns is in the block. It
    is put back in front on each entry, because others (pytest, for one) restore or reorder the list.
    """
    if not warnings.filters or warnings.filters[0][2] is not _WarningOfAQuietThread:
        warnings.simplefilter("ignore", category=_WarningOfAQuietThread)
    logging.getLogger("PIL.TiffImagePlugin").addFilter(_is_wanted)  # adding it again changes nothing
    _thread.depth += 1
    try:
        yield
    finally:
        _thread.depth -= 1


class _Thread(threading.local):
    depth = 0


_thread = _Thread()


class _WhileQuiet(type):
    """The class of a category to which any warning belongs, as long as its thread is in the block."""

    def __subclasscheck__(cls, category: type) -> bool:
        return _thread.depth > 0


class _WarningOfAQuietThread(Warning, metaclass=_WhileQuiet):
    pass


def _is_wanted(record: logging.LogRecord) -> bool:
    return _thread.depth == 0
