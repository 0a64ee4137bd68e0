"""Find the photographs below a folder."""

import os
from collections.abc import Iterator
from typing import NoReturn

from extract.errors import PhotosError

SUFFIXES = ("jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif", "heic", "heif", "avif")


def find_photos(folder: str) -> list[tuple[str, str]]:
    """List (name from `folder` on with '/', path that opens it) of every file with one of `SUFFIXES`.

    Hidden files and folders (a leading dot) are left out, linked files followed, linked folders not. Both
    strings keep bytes that are no UTF-8 as Python's surrogates. In the order of the file system.

    Raises:
        PhotosError: the folder is not there, part of it cannot be read, or it holds no photo.
    """
    if not os.path.isdir(folder):
        reason = "is not a folder" if os.path.exists(folder) else "is not there"
        raise PhotosError(f"{folder!r} {reason}; give a folder of photos")
    found = list(_walk(folder))
    if not found:
        raise PhotosError(
            f"no photo in {folder!r} or below; looked for names that end in .{', .'.join(SUFFIXES)} "
            "and do not start with a dot"
        )
    return found


def _walk(top: str) -> Iterator[tuple[str, str]]:
    for folder, subfolders, files in os.walk(top, onerror=_cannot_be_read):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        inner = os.path.relpath(folder, top)
        prefix = "" if inner == os.curdir else inner.replace(os.sep, "/") + "/"
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower()[1:] in SUFFIXES:
                yield prefix + name, os.path.join(folder, name)


def _cannot_be_read(error: OSError) -> NoReturn:
    raise PhotosError(
        f"the folder {str(error.filename)!r} cannot be read ({error.strerror}); "
        "mend its permissions or move it elsewhere"
    ) from error
