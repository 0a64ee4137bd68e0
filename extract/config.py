"""Frozen dataclasses from TOML or JSON and back; an unknown key or a wrong type is one clear error."""

import dataclasses
import hashlib
import json
import math
import re
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


def to_toml(values: Mapping[str, object], prefix: str = "") -> str:
    """Write a plain mapping as TOML, tables behind the plain values; what is None is left out."""
    lines = [
        f"{_toml_key(key)} = {_toml_value(value)}"
        for key, value in values.items()
        if value is not None and not isinstance(value, Mapping)
    ]
    text = "".join(f"{line}\n" for line in lines)
    for key, value in values.items():
        if isinstance(value, Mapping):
            name = prefix + _toml_key(key)
            text += f"\n[{name}]\n{to_toml(value, f'{name}.')}"
    return text


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


def without_paths(values: Mapping[str, object]) -> dict[str, object]:
    """Drop where files lie from a plain mapping; their hashes stay."""
    if set(values) == {"path", "sha256"}:
        return {"sha256": values["sha256"]}
    return {
        key: without_paths(value) if isinstance(value, Mapping) else value for key, value in values.items()
    }


def differences(ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[str]:
    """Say in which settings two plain mappings differ, e.g. `global.size_px: 512, not 640`."""
    left, right = _flat(ours), _flat(theirs)
    absent = "nothing"
    return [
        f"{key}: {left.get(key, absent)}, not {right.get(key, absent)}"
        for key in sorted(left.keys() | right.keys())
        if left.get(key, absent) != right.get(key, absent)
    ]


def files(config: object) -> dict[str, FileRef]:
    """Give the files that a dataclass names, by field; those that are not set are left out."""
    values = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, FileRef) and value != NO_FILE}


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return flat


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key, re.ASCII) else _toml_value(key)


def _toml_value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml_value(item) for item in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if not isinstance(value, str | bool | int | float):
        raise TypeError(f"no TOML for {value!r}")
    # A string of JSON is one of TOML, but for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


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
