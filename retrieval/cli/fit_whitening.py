"""retrieve fit-whitening: learn a projection of global vectors from photographs."""

import sys
from pathlib import Path

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._shared import (
    check_output,
    echo_json,
    progress,
    read_recipe,
    recipe_options,
    show_failures,
)


@click.command("fit-whitening")
@click.argument("photos")
@click.option("--out", required=True, metavar="W", help="The file to write.")
@click.option("--kind", type=click.Choice(["auto", "labelled", "pca"]), default="auto", show_default=True,
              help="auto: labelled where the photographs have labels.")  # fmt: skip
@click.option(
    "--dim", type=click.IntRange(1), help="Length of the result; else 512, or what the photos allow."
)
@click.option("--shrinkage", type=click.FloatRange(0, 1), default=None,
              help="0 trusts the photos wholly, 1 not at all; else 0.8 labelled, 0.95 pca.")  # fmt: skip
@recipe_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    photos: str,
    out: str,
    kind: str,
    dim: int | None,
    shrinkage: float | None,
    recipe_name: str | None,
    backbone: str | None,
    weights: str | None,
    whitening: str | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fit a whitening on PHOTOS, a folder or a CSV, which must be neither the index nor the queries.

    With labels it damps what differs between photographs of one place; PCA needs none and gains less.
    It takes the place of the recipe's own: use it with `retrieve index … --whitening W`.

    \b
    Example:
      retrieve fit-whitening train.csv --out train.whitening
    """
    from extract import recipe as recipes
    from extract import whitening_run
    from extract.photos import Photos

    if whitening:
        raise click.UsageError("a whitening is fitted in place of the recipe's own; leave --whitening out")
    check_output(out)
    given = Photos.read(photos)
    recipe = recipes.with_local(
        read_recipe(recipe_name, backbone=backbone, weights=weights, whitening=whitening, settings=settings),
        [],
    )
    with progress("describing") as (start, step):
        start(len(given))
        fitted = whitening_run.fit(given, recipe, kind=kind, dim=dim, shrinkage=shrinkage, on_photo=step)
    fitted.whitening.write(Path(out))
    show_failures(fitted.failures)
    values = {
        "whitening": out,
        "dim": fitted.whitening.dim,
        **fitted.whitening.provenance,
        "failed": len(fitted.failures),
    }
    if as_json:
        echo_json(values)
    else:
        click.echo(_sentence(values))
    if fitted.failures:
        sys.exit(EXIT_SOME_FAILED)


def _sentence(values: dict[str, object]) -> str:
    return (
        f"{values['kind']} whitening to {values['dim']} numbers from {values['photos']} photos; use it with: "
        f"retrieve index PHOTOS --store S --whitening {values['whitening']}"
    )
