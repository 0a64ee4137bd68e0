"""retrieve index: photographs into a store."""

import sys

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._shared import echo_json, progress, read_recipe, recipe_options, show_failures, with_kept


@click.command("index")
@click.argument("photos")
@click.option("--store", required=True, metavar="S", help="The store to make or to go on with.")
@recipe_options
@click.option(
    "--local",
    metavar="KINDS",
    help="Local descriptors to keep, split by commas, of sift, vlad, patch, asmk, learned; or none.",
)
@click.option("--codebook", "codebooks", multiple=True, metavar="FILE",
              help="A file of `retrieve fit-codebook`, for what it names; may be repeated.")  # fmt: skip
@click.option("--threads", type=click.IntRange(1), help="Threads to use; one a core if not said.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    photos: str,
    store: str,
    recipe_name: str | None,
    backbone: str | None,
    weights: str | None,
    whitening: str | None,
    settings: tuple[str, ...],
    local: str | None,
    codebooks: tuple[str, ...],
    threads: int | None,
    as_json: bool,
) -> None:
    """Describe the photographs of a folder or a CSV (id,file[,label,…]) and keep the descriptors.

    Run it again to go on after a stop, or to take in photographs that came since: what is done is not
    done again, and a store that is there goes on with its own recipe when none is named.

    \b
    Example:
      retrieve index holiday/ --store holiday.store --local sift
    """
    from extract.errors import ConfigError
    from extract.photos import Photos
    from extract.store import DescriptorStore
    from rerank import chain as chains
    from rerank import presets
    from retrieval import build

    given = Photos.read(photos)
    options = (recipe_name, backbone, weights, whitening, local, *settings, *codebooks)
    if all(option is None for option in options) and DescriptorStore.exists(store):
        recipe = DescriptorStore.open(store).recipe
    else:
        recipe = read_recipe(
            recipe_name, backbone=backbone, weights=weights, whitening=whitening, settings=settings
        )
    recipe = with_kept(recipe, local, codebooks, settings)
    chosen = recipe.rerank
    text = presets.expand(chosen.chain, recipe.local)
    chain = chains.parse(text, top=chosen.top, options=chosen.options)
    for kind in sorted(chain.needs - set(recipe.local)):
        raise ConfigError(
            f"the recipe's chain {chain.text!r} needs {kind} descriptors; add --local {kind}, "
            "or take another chain"
        )
    with progress("indexing") as (start, step):
        summary = build.build(given, recipe, store, threads=threads or 0, on_start=start, on_photo=step)
    kept = DescriptorStore.open(store)
    bytes_a_photo = kept.num_bytes / max(1, kept.num_rows)
    rate = summary.described / summary.seconds if summary.described else 0.0
    failures = [(failure.id, failure.reason) for failure in summary.failures]
    show_failures(failures, f"; `retrieve status {store} --json` lists all")
    if as_json:
        echo_json(
            {
                "photos": summary.photos,
                "indexed": summary.photos - len(failures),
                "known": summary.known,
                "described": summary.described,
                "failed": len(failures),
                "failures": [{"id": name, "reason": reason} for name, reason in failures],
                "seconds": round(summary.seconds, 3),
                "photos_per_second": round(rate, 2),
                "bytes": kept.num_bytes,
                "bytes_per_photo": round(bytes_a_photo, 1),
                "store": store,
                "revision": kept.revision,
                "recipe": {"name": kept.recipe.name, "digest": kept.digest},
            }
        )
    else:
        click.echo(
            f"{summary.photos} photos: {summary.described} described, {summary.known} known before, "
            f"{len(failures)} failed; {summary.seconds:.1f} s, {rate:.1f} photos/s, "
            f"{bytes_a_photo:,.0f} bytes a photo in {store}"
        )
    if failures:
        sys.exit(EXIT_SOME_FAILED)
