"""Frozen dataclasses from TOML or JSON and back; an unknown key or a wrong type is one clear error."""

import dataclasses
import hashlib
import json
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from extract.errors import ConfigError
from extract.plugins import suggestion

Config = TypeVar("Config")


@dataclasses.dataclass(frozen=True)
class FileRef:
    """A file that a setting names: in TOML just its path; its sha256 is what counts in a digest."""

    path: str = ""
    sha256: str = ""


NO_FILE = FileRef()


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file.

    Raises:
        ConfigError: it cannot be opened or is not TOML; the sentence names the file and the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {str(path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{str(path)!r} is not a TOML file: {error}") from error


def to_plain(config: object) -> dict[str, object]:
    """Turn a dataclass, nested ones included, into what JSON can hold (a tuple becomes a list)."""
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise TypeError(f"expected a dataclass, got {config!r}")
    plain: dict[str, object] = json.loads(json.dumps(dataclasses.asdict(config)))
    return plain


def from_plain(cls: type[Config], values: Mapping[str, object], where: str) -> Config:
    """Build the dataclass `cls` from a mapping; `where` begins the error's sentence, e.g. `local.sift`.

    Raises:
        ConfigError: a key is unknown or missing, or a value is of another type or out of range.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    for key in values:
        if key not in fields:
            raise ConfigError(f"{where} has no setting {key!r}{suggestion(key, sorted(fields))}")
    built = {key: _convert(hints[key], value, f"{where}.{key}") for key, value in values.items()}
    missing = [name for name, field in fields.items() if name not in built and _is_required(field)]
    if missing:
        raise ConfigError(f"{where} lacks {', '.join(missing)}")
    return cls(**built)


def digest(values: Mapping[str, object]) -> str:
    """Hash a plain mapping to 16 hexadecimal digits that do not depend on the order of its keys."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def files(config: object) -> dict[str, FileRef]:
    """Give the files that a dataclass names, by field; those that are not set are left out."""
    values = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, FileRef) and value != NO_FILE}


def _is_required(field: "dataclasses.Field[object]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _convert(hint: object, value: object, where: str) -> object:
    origin = typing.get_origin(hint)
    if hint is FileRef and isinstance(value, str):
        return FileRef(path=value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table, got {value!r}")
        return from_plain(hint, value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where} must be a list, got {value!r}")
        return tuple(_convert(typing.get_args(hint)[0], item, where) for item in value)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        inner = next(option for option in typing.get_args(hint) if option is not type(None))
        return _convert(inner, value, where)
    if origin is typing.Literal:
        options = [str(option) for option in typing.get_args(hint)]
        if value not in options:
            raise ConfigError(f"{where} must be one of {', '.join(options)}, got {value!r}")
        return value
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table, got {value!r}")
        return dict(value)
    return _scalar(hint, value, where)


def _scalar(hint: object, value: object, where: str) -> object:
    # bool is an int in Python, and 1 is a fine value for a float: neither must slip through the other way.
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(hint, type):
        raise TypeError(f"{where}: no conversion for the annotation {hint!r}")
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where} must be {_words(hint)}, got {value!r}")
    return value


def _words(hint: type) -> str:
    known = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return known.get(hint, hint.__name__)
