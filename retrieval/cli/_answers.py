"""How answers are printed: lines for people, one JSON object a photograph for programs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from retrieval.cli._shared import echo_json, printable

if TYPE_CHECKING:
    from extract.damage import Damage
    from retrieval.engine import Hit
    from retrieval.presence import Presence


def echo_answer(
    query: str, chain: str, hits: Sequence["Hit"], *, explain: bool, present: "Presence | None" = None
) -> None:
    """Print a line for the query and one for each hit, with `explain` its explanation below it.

    Where `present` says that the place is not in the collection, this comes first.
    """
    click.echo(f"{printable(query)} ({chain})")
    if present is not None and present.sentence:
        click.echo(present.sentence)
    for hit in hits:
        closeness = "" if hit.global_score is None else f"  global {hit.global_score:.4f}"
        local = "" if hit.local is None else f"  local {hit.local:.3f}"
        click.echo(f"{hit.rank:>4}  {hit.score:.4f}{closeness}{local}  {printable(hit.id)}")
        if explain and hit.explanation is not None:
            click.echo(f"      {hit.explanation.sentence()}")


def echo_json_answer(
    query: str,
    chain: str,
    hits: Sequence["Hit"],
    seconds: Mapping[str, float],
    damaged: Sequence["Damage"],
    *,
    explain: bool,
    present: "Presence | None" = None,
) -> None:
    """Print the answer to one photograph as one JSON object, with `explain` an explanation a hit.

    `present`, the chance that the first hit is right, is null where the recipe does not tell.
    """
    echo_json(
        {
            "query": query,
            "chain": chain,
            "hits": [_plain(hit, explain) for hit in hits],
            "present": present and present.chance,
            "seconds": {stage: round(value, 4) for stage, value in seconds.items()},
            "damaged": plain_damage(damaged),
        }
    )


def plain_damage(damaged: Sequence["Damage"]) -> list[dict[str, str]]:
    """Give the segments that could not be read, and why, as plain values."""
    return [{"segment": damage.segment, "reason": damage.reason} for damage in damaged]


def _plain(hit: "Hit", explain: bool) -> dict[str, object]:
    values: dict[str, object] = {
        "rank": hit.rank,
        "id": hit.id,
        "score": hit.score,
        "global": hit.global_score,
        "local": hit.local,
        **hit.columns,
        "path": hit.path.encode(errors="surrogateescape").decode(errors="backslashreplace"),
    }
    if explain and hit.explanation is not None:
        values["explanation"] = hit.explanation.to_dict()
    return values
