"""retrieve status: what a store holds and whether it is whole."""

import click

from retrieval.cli._shared import echo_json, show_failures

# Up to here reading everything takes about a second.
_CHECKED_BYTES = 1_000_000_000


@click.command("status")
@click.argument("store")
@click.option(
    "--check/--no-check", default=None, help="Read every segment and compare its hash; on up to 1 GB."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(store: str, check: bool | None, as_json: bool) -> None:
    """Say what a store holds, how it was made, which photographs failed and whether it is whole.

    \b
    Example:
      retrieve status holiday.store --json
    """
    import numpy as np

    from extract.block import FAILED
    from extract.store import DescriptorStore

    kept = DescriptorStore.open(store)
    checked = check if check is not None else kept.num_bytes <= _CHECKED_BYTES
    if checked:
        kept.verify()
    records = kept.records
    failed = np.flatnonzero((records.statuses == FAILED) & kept.current)
    failures = [(records.ids[row], records.reasons[row]) for row in failed]
    photos = int(kept.current.sum())
    values = {
        "store": store,
        "photos": photos,
        "indexed": photos - len(failures),
        "failed": len(failures),
        "failures": [{"id": name, "reason": reason} for name, reason in failures],
        "labelled": sum(1 for row in np.flatnonzero(kept.current) if records.labels[row]),
        "revision": kept.revision,
        "bytes": kept.num_bytes,
        "bytes_per_photo": round(kept.num_bytes / max(1, kept.num_rows), 1),
        "checked": checked,
        "dim": kept.dim,
        "recipe": {"digest": kept.digest, **kept.recipe.to_plain()},
    }
    if as_json:
        echo_json(values)
        return
    local = ", ".join(kept.recipe.local) or "none"
    click.echo(f"{store}: {photos} photos, {len(failures)} failed, revision {kept.revision}")
    click.echo(
        f"recipe {kept.recipe.name} ({kept.digest}), vectors of {kept.dim}, local descriptors: {local}"
    )
    click.echo(f"chain without --rerank: {kept.recipe.rerank.chain}")
    click.echo(
        f"{kept.num_bytes:,} bytes, {values['bytes_per_photo']:,} a photo, "
        f"{'every segment is whole' if checked else 'lengths are right; --check reads all of it'}"
    )
    show_failures(failures, "; --json lists all")
