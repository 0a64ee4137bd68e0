"""The state of a store: one small JSON file, replaced whole, that says which segments count."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from extract import config as configs
from extract.errors import ConfigError, StoreError
from extract.publish import publish

FORMAT = 1
FILE_NAME = "STATE.json"


@dataclass(frozen=True)
class SegmentEntry:
    """A published segment: its file, how many photographs it holds, how many failed, its length and hash."""

    file: str
    photos: int
    failed: int
    bytes: int
    blake2b: str


@dataclass(frozen=True)
class State:
    """What a revision consists of. Rows are numbered through the segments; `deleted` ones do not count."""

    revision: int
    digest: str
    recipe: Mapping[str, object]
    dim: int
    segments: tuple[SegmentEntry, ...] = ()
    deleted: tuple[int, ...] = ()

    @property
    def num_rows(self) -> int:
        """Rows given so far, deleted ones included."""
        return sum(segment.photos for segment in self.segments)

    def grown(self, entry: SegmentEntry, deleted: tuple[int, ...]) -> "State":
        """Give the next revision: one more segment, some more deleted rows."""
        return replace(
            self,
            revision=self.revision + 1,
            segments=(*self.segments, entry),
            deleted=tuple(sorted({*self.deleted, *deleted})),
        )


def read(store: Path) -> State:
    """Read the state of the store in the folder `store`.

    Raises:
        StoreError: there is no store, or its state was cut or altered, or is of a later format.
    """
    path = store / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        checksum = content.pop("checksum")
        version = content.pop("format")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            f"there is no store at {str(store)!r}; `retrieve index PHOTOS --store {store}` makes one"
        ) from error
    except OSError as error:
        raise StoreError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(path) from error
    if version != FORMAT:
        raise StoreError(
            f"the store {str(store)!r} has format {version}, this program reads {FORMAT}; "
            "install the version that wrote it"
        )
    if checksum != _checksum(content, version):
        raise _damaged(path)
    try:
        entries = tuple(SegmentEntry(**entry) for entry in content.pop("segments"))
        return State(segments=entries, deleted=tuple(content.pop("deleted")), **content)
    except (TypeError, KeyError, ConfigError) as error:
        raise _damaged(path) from error


def write(store: Path, state: State) -> None:
    """Replace the state; until this returns, the last revision is what a reader finds.

    Raises:
        StoreError: it cannot be written; the last revision stays.
    """
    content = asdict(state)
    content["checksum"] = _checksum(json.loads(json.dumps(asdict(state))), FORMAT)
    content["format"] = FORMAT
    publish(store / FILE_NAME, json.dumps(content, ensure_ascii=True, indent=1).encode())


def content_hash(content: bytes) -> str:
    """Hash a segment's bytes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _checksum(content: Mapping[str, object], version: int) -> str:
    return configs.digest({"content": content, "format": version})


def _damaged(path: Path) -> StoreError:
    return StoreError(
        f"the state {str(path)!r} was cut or altered; restore it from a copy, or index into a new store"
    )
