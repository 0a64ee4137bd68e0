"""Ids of which each must stand once."""

from collections.abc import Sequence

from evaluate.errors import EvaluationError


def refuse_repeats(what: str, ids: Sequence[str]) -> None:
    """Refuse an id that is there twice; `what` opens the sentence, such as "the query".

    Raises:
        EvaluationError: there is one.
    """
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    for identifier in ids:
        if identifier in seen:
            raise EvaluationError(f"{what} {identifier!r} is there twice; keep one of the two")
        seen.add(identifier)
