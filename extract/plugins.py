"""Find plug-ins: one module of a package is one plug-in, and its file name is its public name."""

import difflib
import importlib
import pkgutil
from types import ModuleType

from extract.errors import PluginError


def names(package: str) -> list[str]:
    """List the plug-ins of `package`, e.g. `rerank.methods`, sorted, without importing any of them.

    A file `sift_ratio.py` is the plug-in `sift-ratio`; a file that starts with `_` is none.
    """
    search_path = importlib.import_module(package).__path__
    found = (module.name for module in pkgutil.iter_modules(search_path))
    return sorted(name.replace("_", "-") for name in found if not name.startswith("_"))


def load(package: str, name: str) -> ModuleType:
    """Import the plug-in `name` of `package`.

    Raises:
        PluginError: there is no such plug-in (with the nearest name), or a library that it needs is absent.
    """
    known = names(package)
    if name not in known:
        raise PluginError(f"there is no {noun(package)} {name!r}{suggestion(name, known)}")
    try:
        return importlib.import_module(f"{package}.{name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        raise PluginError(f"{name} needs the package {error.name}; install it and run again") from error


def noun(package: str) -> str:
    """Say in words what a package's plug-ins are, e.g. `local descriptor`."""
    words = {"rerank.methods": "re-ranker", "retrieval.indexes": "index", "train.losses": "loss"}
    return words.get(package, package.rsplit(".", 1)[-1].rstrip("s").replace("_", " "))


def suggestion(name: str, known: list[str]) -> str:
    """Give the end of a sentence about an unknown name: the nearest one, or all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}"
