"""The parts that reports of one system and of several have in common."""

from collections.abc import Callable, Mapping

from evaluate.figures import Figure
from evaluate.ground_truth import GroundTruth, Held
from evaluate.reporting.document import Facts, Headline, Interval, Note, Picture, Section
from evaluate.words import num_queries

# Gives the embedded picture of a query (True) or of an image (False) by its id, or None.
PictureOf = Callable[[str, bool], str | None]

NO_RANKING = Note("There is no ranking to draw.")

_SHOWN = 5


def interval_of(figure: Figure) -> Interval:
    """Show a figure with its interval."""
    return Interval(figure.value, figure.low, figure.high)


def headline(name: str, figure: Figure) -> Headline:
    """Show a figure at the top of the page."""
    return Headline(name, interval_of(figure), num_queries(figure.queries))


def subtitle(known: GroundTruth) -> str:
    """Say who was asked."""
    return f"{num_queries(len(known.truth.query_ids))} of {known.source}"


def how_it_was_made(facts: Mapping[str, str | int | float]) -> Section:
    """Say what produced the figures."""
    return Section("How this was made", "", (Facts(tuple(facts.items())),))


def ranking_row(
    held: Held, known: GroundTruth, place: int, picture_of: PictureOf | None
) -> tuple[Picture, ...]:
    """Show the query in `place` and the first images of its ranking, right or wrong."""
    query_id = known.truth.query_ids[place]
    hits = held.outcome.hits[place]
    images = [
        Picture(
            picture_of(image_id, False) if picture_of else None,
            f"{rank}. {image_id}",
            "right" if hits[rank - 1] else "wrong",
        )
        for rank, image_id in enumerate(known.ids_of(held, place, _SHOWN), start=1)
    ]
    return (Picture(picture_of(query_id, True) if picture_of else None, query_id, "query"), *images)
