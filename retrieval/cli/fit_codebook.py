"""retrieve fit-codebook: learn the centres or the projection that local descriptors are made with."""

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

_WORDS = {"vlad": 16, "asmk": 65_536}


@click.command("fit-codebook")
@click.argument("photos")
@click.option("--kind", required=True, type=click.Choice(["vlad", "asmk", "patch"]),
              help="vlad or asmk: a codebook; patch: a projection of its descriptors.")  # fmt: skip
@click.option("--out", required=True, metavar="FILE", help="The file to write.")
@click.option("--words", type=click.IntRange(2, 1_000_000), help="Centres; else 16 for vlad, 65536 for asmk.")
@click.option("--from", "source", type=click.Choice(["sift", "learned", "patch"]),
              help="The local descriptor whose descriptors are put into words; else sift.")  # fmt: skip
@click.option("--dim", type=click.IntRange(1), help="Numbers that the projection keeps; else 128.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True,
              help="Chooses descriptors and first centres.")  # fmt: skip
@recipe_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    photos: str,
    kind: str,
    out: str,
    words: int | None,
    source: str | None,
    dim: int | None,
    seed: int,
    recipe_name: str | None,
    backbone: str | None,
    weights: str | None,
    whitening: str | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fit a codebook or projection on PHOTOS, a folder or a CSV, which must be neither index nor queries.

    Use it with `retrieve index … --local KIND --codebook FILE`; the file knows which descriptor it is for
    and what it was fitted on, and another recipe is refused.

    \b
    Example:
      retrieve fit-codebook train.csv --kind asmk --words 65536 --out words.safetensors
    """
    from extract.photos import Photos
    from retrieval import fit_codebook

    if kind == "patch" and (source or words):
        raise click.UsageError("--kind patch takes --dim; --from and --words are for codebooks")
    if kind != "patch" and dim:
        raise click.UsageError(f"--dim is for --kind patch; --kind {kind} takes --words")
    check_output(out)
    given = Photos.read(photos)
    recipe = read_recipe(
        recipe_name, backbone=backbone, weights=weights, whitening=whitening, settings=settings
    )
    plan = fit_codebook.Plan(
        kind,
        "patch" if kind == "patch" else source or "sift",
        words=words or _WORDS.get(kind, 0),
        dim=dim or 128,
        seed=seed,
    )
    with progress("describing") as (start, step):
        start(len(given))
        fitted = fit_codebook.fit(given, recipe, plan, on_photo=step)
    fitted.result.write(Path(out))
    show_failures(fitted.failures)
    note = fitted.result.note
    made = {"dim": plan.dim} if kind == "patch" else {"from": plan.source, "words": plan.words}
    values = {"file": out, "kind": kind, **made, **note.more, "failed": len(fitted.failures)}
    if as_json:
        echo_json(values)
    else:
        what = f"projection to {plan.dim} numbers" if kind == "patch" else f"{plan.words} words"
        # Settings of the source hold only where the store keeps it.
        given_settings = [one for one in settings if one.startswith(f"local.{plan.source}.")]
        kinds = f"{kind},{plan.source}" if given_settings else kind
        also = "".join(f" --set {one}" for one in given_settings)
        click.echo(
            f"{kind}: {what} from {note.more['drawn']} of {note.more['descriptors']} descriptors of "
            f"{note.more['photos']} photos; use it with: "
            f"retrieve index PHOTOS --store S --local {kinds} --codebook {out}{also}"
        )
    if fitted.failures:
        sys.exit(EXIT_SOME_FAILED)
