"""Landmark retrieval: `from retrieval import Engine`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.engine import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    # Loaded when asked for: the command line imports this package and must answer --help at once.
    if name == "Engine":
        from retrieval.engine import Engine

        return Engine
    raise AttributeError(f"module 'retrieval' has no attribute {name!r}")
