"""Name the photographs of a run: ids, paths, labels and whatever else a list says of them."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extract.errors import PhotosError
from extract.photo_folder import find_photos
from extract.photo_list import read_photo_list

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photos:
    """Photographs in a fixed order; the place in it is the row.

    `ids` are unique and not empty, `paths` open the files (one that is missing is found out when it is read),
    `labels` are '' where there is none, `metadata` holds the further columns of a list by their names.

    Raises:
        PhotosError: the four differ in length, or an id is empty or there twice.
    """

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    labels: tuple[str, ...]
    metadata: tuple[Mapping[str, str], ...]

    def __post_init__(self) -> None:
        lengths = {len(self.ids), len(self.paths), len(self.labels), len(self.metadata)}
        if len(lengths) > 1:
            raise PhotosError(
                "ids, paths, labels and metadata must be equally many, "
                f"got {len(self.ids)}, {len(self.paths)}, {len(self.labels)} and {len(self.metadata)}"
            )
        seen: set[str] = set()
        for photo_id, path in zip(self.ids, self.paths, strict=True):
            if not photo_id:
                raise PhotosError(f"a photo needs an id that is not empty; {path!r} has none")
            if photo_id in seen:
                raise PhotosError(f"two photos have the id {photo_id!r}; give each an id of its own")
            seen.add(photo_id)

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Iterable[int]) -> "Photos":
        """Keep the photos at `rows`, in that order.

        Raises:
            ValueError: a row is out of range; negative ones are (-1 pads rankings).
        """
        kept = [int(row) for row in rows]
        for row in kept:
            if not 0 <= row < len(self):
                raise ValueError(f"a row must be between 0 and {len(self) - 1}, got {row}")
        return Photos(
            tuple(self.ids[row] for row in kept),
            tuple(self.paths[row] for row in kept),
            tuple(self.labels[row] for row in kept),
            tuple(self.metadata[row] for row in kept),
        )

    @classmethod
    def read(cls, source: str | Path) -> "Photos":
        """Read a folder or a CSV list, by what `source` is on disk.

        Raises:
            PhotosError: it is neither, or cannot be used.
        """
        if os.path.isdir(source):
            return cls.from_folder(source)
        if os.path.splitext(source)[1].lower() == ".csv":
            return cls.from_csv(source)
        if os.path.exists(source):
            raise PhotosError(f"{str(source)!r} is neither a folder nor a .csv list; give one of these")
        raise PhotosError(f"{str(source)!r} is not there; give a folder of photos or a .csv list")

    @classmethod
    def from_folder(cls, folder: str | Path) -> "Photos":
        """Take every photo below `folder`, sorted by id: its path from there, with '/' on every system.

        Raises:
            PhotosError: the folder or one below it cannot be read, or there is no photo.
        """
        return cls._unlabelled(sorted((_text(name), path) for name, path in find_photos(os.fspath(folder))))

    @classmethod
    def from_csv(cls, file: str | Path) -> "Photos":
        """Take the photos of a CSV list with the columns id, file and perhaps label; others become metadata.

        Files are relative to the list's own folder.

        Raises:
            PhotosError: names the list and, where it can, the line.
        """
        listed = read_photo_list(os.fspath(file))
        folder = os.path.dirname(file)
        photos = cls(
            tuple(photo.photo_id for photo in listed),
            tuple(os.path.join(folder, photo.file) for photo in listed),
            tuple(photo.label for photo in listed),
            tuple(photo.metadata for photo in listed),
        )
        _warn_of_equal_but_for_case(photos.ids)
        return photos

    @classmethod
    def from_files(cls, files: Iterable[str | Path]) -> "Photos":
        """Take single files; their ids are the paths as given.

        Raises:
            PhotosError: a path is empty or given twice.
        """
        return cls._unlabelled([(_text(os.fspath(path)), os.fspath(path)) for path in files])

    @classmethod
    def _unlabelled(cls, named: list[tuple[str, str]]) -> "Photos":
        photos = cls(
            tuple(photo_id for photo_id, _ in named),
            tuple(path for _, path in named),
            ("",) * len(named),
            tuple({} for _ in named),
        )
        _warn_of_equal_but_for_case(photos.ids)
        return photos


def _text(name: str) -> str:
    r"""Make an id of a file name; bytes that are no UTF-8 become \xff, because an id is stored as text."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _warn_of_equal_but_for_case(ids: tuple[str, ...]) -> None:
    first_of: dict[str, str] = {}
    pairs = [
        (first, photo_id)
        for photo_id in ids
        if (first := first_of.setdefault(photo_id.casefold(), photo_id)) != photo_id
    ]
    if pairs:
        _log.warning("ids that differ only in case: %d, first %r and %r; all are kept", len(pairs), *pairs[0])
