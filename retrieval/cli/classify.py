"""retrieve classify: the label of photographs by a vote of their nearest neighbours."""

import sys
from typing import TYPE_CHECKING

import click

from retrieval.cli import EXIT_ERROR, EXIT_SOME_FAILED
from retrieval.cli._shared import echo_json, printable, show_failures

if TYPE_CHECKING:
    from retrieval.classification import Classification


@click.command("classify")
@click.argument("store")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("-k", type=click.IntRange(1), help="How many neighbours vote; as calibrated, else 5.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a photo.")
def command(store: str, photos: tuple[str, ...], k: int | None, as_json: bool) -> None:
    """Say which label of STORE each PHOTO has, and by which photographs.

    Any store that was indexed with labels will do, and indexing more photographs adds labels. After
    `retrieve calibrate` it is also said how sure a label is, and that a photo is unknown.

    \b
    Example:
      retrieve classify holiday.store unknown.jpg -k 5
    """
    from extract.errors import PhotoError
    from retrieval.embedding_space import EmbeddingSpace

    space = EmbeddingSpace.open(store)
    failures = []
    for photo in photos:
        try:
            found = space.classify(photo, k)
        except PhotoError as error:
            failures.append((photo, str(error)))
            if as_json:
                echo_json({"photo": photo, "label": None, "error": str(error)})
            continue
        if as_json:
            echo_json({"photo": photo, **_plain(found)})
        else:
            _echo(photo, found)
    show_failures(failures)
    if failures:
        sys.exit(EXIT_ERROR if len(failures) == len(photos) else EXIT_SOME_FAILED)


def _echo(photo: str, found: "Classification") -> None:
    votes = f"{found.votes[found.label]} of {len(found.neighbours)} votes"
    chance = "" if found.chance is None else f", chance {found.chance:.2f}"
    nearest = "" if found.is_known else f"nearest is {printable(found.label)}, "
    click.echo(f"{printable(photo)}: {printable(found.answer)} ({nearest}{votes}{chance})")
    for rank, one in enumerate(found.neighbours, 1):
        click.echo(f"{rank:>4}  {one.distance:.4f}  {printable(one.label)}  {printable(one.id)}")


def _plain(found: "Classification") -> dict[str, object]:
    return {
        "label": found.label if found.is_known else None,
        "nearest_label": found.label,
        "chance": found.chance,
        "votes": dict(found.votes),
        "neighbours": [
            {"id": one.id, "label": one.label, "distance": one.distance} for one in found.neighbours
        ],
    }
