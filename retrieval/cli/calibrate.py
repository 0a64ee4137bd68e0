"""retrieve calibrate: learn from labelled photographs when one is unknown to a store."""

import click

from retrieval.cli._shared import echo_json


@click.command("calibrate")
@click.argument("store")
@click.argument("photos", metavar="PHOTOS.csv")
@click.option("-k", type=click.IntRange(1), default=5, show_default=True, help="How many neighbours vote.")
@click.option(
    "--precision", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.9, show_default=True,
    help="Share of right ones among the labels that are given, at least.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the folds.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(store: str, photos: str, k: int, precision: float, seed: int, as_json: bool) -> None:
    """Fit on PHOTOS.csv (id,file,label) how sure `retrieve classify` can be, and keep it in STORE.

    Each photo is asked twice, the second time with its whole class left out, so that every class plays the
    unknown. Take photos that are not in the store; one that is never finds itself.

    \b
    Example:
      retrieve calibrate holiday.store held-out.csv --precision 0.95
      retrieve classify holiday.store unknown.jpg
    """
    from dataclasses import asdict

    from extract.photos import Photos
    from retrieval.embedding_space import EmbeddingSpace

    space = EmbeddingSpace.open(store)
    fitted = space.calibrate(Photos.read(photos), k=k, precision=precision, seed=seed)
    if as_json:
        echo_json({"store": store, **asdict(fitted)})
    elif not fitted.threshold:
        click.echo(
            f"{fitted.photos} photos are no ground for a threshold with a precision of {precision:.0%}, and "
            "nothing will be unknown; give more of them, or ask for less"
        )
    else:
        click.echo(
            f"{fitted.photos} photos: below a chance of {fitted.threshold:.2f} one is unknown; "
            f"of the labels given {fitted.precision:.0%} are right (with 95 % certainty at least "
            f"{fitted.precision_low:.0%}), of the right ones {fitted.recall:.0%} are given"
        )
