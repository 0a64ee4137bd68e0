"""retrieve budget: bytes a photograph of a recipe, before anything is run."""

import click

from retrieval.cli._shared import RECIPE_HELP, echo_json, read_recipe, with_kept

_MILLION = 1_000_000


@click.command("budget")
@click.option(
    "--recipe",
    "recipe_name",
    metavar="NAME|FILE|FOLDER",
    help=RECIPE_HELP,
)
@click.option(
    "--local",
    metavar="KINDS",
    help="Local descriptors to keep, split by commas, of sift, vlad, patch, asmk, learned; or none.",
)
@click.option("--codebook", "codebooks", multiple=True, metavar="FILE",
              help="A file of `retrieve fit-codebook`; may be repeated.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="One setting of the recipe, e.g. global.backbone=resnet50; may be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    recipe_name: str | None,
    local: str | None,
    codebooks: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say how many bytes a photograph and a million of them take in a store made with a recipe.

    No photograph is looked at and no network is run. Where the number of local descriptors depends on the
    photograph, `most` is an upper bound.

    \b
    Example:
      retrieve budget --local sift,asmk
    """
    from retrieval import budget

    recipe = read_recipe(recipe_name, backbone=None, weights=None, whitening=None, settings=settings)
    recipe = with_kept(recipe, local, codebooks, settings)
    found = budget.of(recipe)
    if as_json:
        echo_json(
            {
                "recipe": recipe.name,
                "local": list(recipe.local),
                "parts": [
                    {"part": part.name, "typical": round(part.typical), "most": round(part.most)}
                    for part in found.parts
                ],
                "bytes_per_photo": {"typical": round(found.typical), "most": round(found.most)},
                "bytes_per_million": {
                    "typical": round(_MILLION * found.typical),
                    "most": round(_MILLION * found.most),
                },
            }
        )
        return
    click.echo(f"recipe {recipe.name}, local descriptors: {', '.join(recipe.local) or 'none'}")
    click.echo(f"{'bytes a photo':<28} {'typical':>9} {'at most':>9}")
    for part in (*found.parts, budget.Part("in all", found.typical, found.most)):
        click.echo(f"{part.name:<28} {part.typical:>9,.0f} {part.most:>9,.0f}")
    # Bytes a photograph are megabytes a million.
    typical, most = (f"{value / 1000:,.1f} GB" for value in (found.typical, found.most))
    click.echo(f"{'a million photos':<28} {typical:>9} {most:>9}")
