"""Landmark retrieval: `from retrieval import Engine, EmbeddingSpace`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.embedding_space import EmbeddingSpace
    from retrieval.engine import Engine

__all__ = ["EmbeddingSpace", "Engine"]


def __getattr__(name: str) -> object:
    # Loaded when asked for: the command line imports this package and must answer --help at once.
    if name == "EmbeddingSpace":
        from retrieval.embedding_space import EmbeddingSpace

        return EmbeddingSpace
    if name == "Engine":
        from retrieval.engine import Engine

        return Engine
    raise AttributeError(f"module 'retrieval' has no attribute {name!r}")
