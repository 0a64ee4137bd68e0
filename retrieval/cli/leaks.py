"""retrieve leaks: photographs and classes that queries, index and training photographs share."""

import sys

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._answers import plain_damage
from retrieval.cli._shared import echo_json, progress, show_failures


@click.command("leaks")
@click.option("--queries", required=True, metavar="QUERIES", help="A CSV (id,file[,label]) or a folder.")
@click.option("--index", required=True, metavar="INDEX", help="A CSV, a folder, or a store of the index.")
@click.option("--train", metavar="TRAIN", help="A CSV or a folder of what weights, whitening or v came from.")
@click.option("--strict", is_flag=True, help="End with an error where there is a leak.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(queries: str, index: str, train: str | None, strict: bool, as_json: bool) -> None:
    """Look for photographs that stand in two of queries, index and train, where figures take them for new.

    Told are equal files, equal pictures (re-encoded, scaled, toned or mirrored) and equal ids; with a store
    as --index near-duplicates as well, such as crops: its vectors find them and their pixels decide. Classes
    of train that occur in queries or index are told too. Copies within one list are no leak, nor is a query
    under its own id in the index, since it never finds itself.

    \b
    Example:
      retrieve leaks --queries query.csv --index holiday.store --train train.csv --strict
    """
    from extract.photos import Photos
    from extract.store import DescriptorStore
    from retrieval import leak_check
    from retrieval.engine import Engine

    asked = Photos.read(queries)
    learned = Photos.read(train) if train else None
    engine = Engine.open(index) if DescriptorStore.exists(index) else None
    if engine is None:
        click.echo(
            f"{index} is no store, so near-duplicates such as crops are not looked for; "
            "make one with `retrieve index` and give it as --index",
            err=True,
        )
    checked = leak_check.check(asked, engine or Photos.read(index), learned, progress=progress)
    report = checked.report
    show_failures([(f"{photo_id} of {split}", reason) for split, photo_id, reason in checked.failures])
    damaged = engine.damaged if engine else []
    if as_json:
        echo_json(
            {
                **report.to_dict(),
                "near_duplicates_looked_for": engine is not None,
                "failed": len(checked.failures),
                "failures": [
                    {"split": split, "id": photo_id, "reason": reason}
                    for split, photo_id, reason in checked.failures
                ],
                "damaged": plain_damage(damaged),
            }
        )
    else:
        click.echo(report.table())
    if strict:
        report.check()
    if report.leaks:
        click.echo(f"LEAK: {report.sentence()}", err=True)
    if checked.failures or damaged:
        sys.exit(EXIT_SOME_FAILED)
