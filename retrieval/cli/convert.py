"""retrieve convert: rankings and truths in the formats of other programs, and back."""

import logging

import click

from retrieval.cli._shared import check_output, echo_json, printable

logger = logging.getLogger(__name__)

# As evaluate.formats.convert has them; that imports numpy, which help must not wait for.
_FORMATS = (
    "submission",
    "long",
    "trec-run",
    "pairs",
    "json",
    "recognition",
    "solution",
    "qrels",
    "labels",
    "revisited-json",
)


@click.command("convert")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option(
    "--to",
    "to",
    type=click.Choice(_FORMATS),
    required=True,
    help="Rankings: submission (id,images), long (query,id,rank[,score]), trec-run, pairs (of hloc), json "
    "(of ranx), recognition (id,landmarks). Truths: solution (id,images,Usage), qrels, labels (id,label), "
    "revisited-json.",
)
@click.option(
    "--queries",
    metavar="Q.csv",
    help="Who asks, where labels become a solution or qrels: a CSV with the column id.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(source: str, target: str, to: str, queries: str | None, as_json: bool) -> None:
    """Write IN, rankings or a truth of any kind that `retrieve evaluate` reads, as another format to OUT.

    What IN is shows in its content. A file that can be read as both (id,images is a submission and a
    solution; id,landmarks and JSON too) is what --to is for. Details that the format has no place for, such
    as scores in a submission or grades in a solution, are left out and told; what would change figures, such
    as junk in a solution or a name with a space in a TREC run, is refused.

    \b
    Example:
      retrieve convert ranking.csv ranking.run --to trec-run
      retrieve convert photos/ truth.qrels --to qrels --queries query.csv
    """
    from evaluate.formats.convert import convert
    from evaluate.words import counted, num_queries

    check_output(target)
    done = convert(source, target, to, queries=queries)
    if done.notes:
        logger.warning("%s: %s", printable(target), "; ".join(map(printable, done.notes)))
    if as_json:
        echo_json(
            {
                "in": source,
                "out": target,
                "from": done.kind,
                "to": done.to,
                "queries": done.num_queries,
                "images": done.num_images,
                "notes": done.notes,
            }
        )
        return
    asked = "" if done.num_queries is None else f"{num_queries(done.num_queries)}, "
    click.echo(
        f"{printable(target)}: {done.to} of {done.kind}, {asked}{counted(done.num_images, 'image', 'images')}"
    )
