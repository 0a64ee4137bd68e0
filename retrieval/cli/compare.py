"""retrieve compare: which of several rankings answers the same queries better, and whether that is chance."""

import math
import sys

import click

from retrieval.cli import EXIT_ERROR
from retrieval.cli._shared import check_output, echo_json, printable


@click.command("compare")
@click.argument("rankings", nargs=-1, required=True, metavar="A.csv B.csv …")
@click.option(
    "--truth", required=True, metavar="T", help="What is correct, as for `retrieve evaluate --ranking`."
)
@click.option("--queries", metavar="Q.csv", help="A CSV (id[,label],…) that says who asks.")
@click.option(
    "--index", metavar="I.csv", help="The ids of all images that were searched, where the truth lacks them."
)
@click.option("--metric", "metric_name", metavar="NAME", help="One metric; default: what the truth is for.")
@click.option(
    "--fail-if-worse-than",
    "margin",
    type=click.FloatRange(min=0.0),
    metavar="X",
    help="Exit 1 if a system is worse than the first by more than X; .01 is a point of map@K.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE.html|.md|.json",
    help="Write a report with the queries that moved most; may be repeated.",
)
@click.option(
    "--photos",
    "photo_lists",
    multiple=True,
    metavar="CSV|FOLDER",
    help="Where the pictures of a report are; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")  # fmt: skip
def command(
    rankings: tuple[str, ...],
    truth: str,
    queries: str | None,
    index: str | None,
    metric_name: str | None,
    margin: float | None,
    reports: tuple[str, ...],
    photo_lists: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compare rankings with the first of them, on the same queries: differences, a test, what moved.

    The difference is paired, query by query. p is that of a permutation test; with several systems it is
    corrected after Holm. A query that a ranking lacks counts as wrong there.

    \b
    Example:
      retrieve compare released.csv candidate.csv --truth solution.csv --fail-if-worse-than 0.01
    """
    from evaluate import comparison_text
    from evaluate.report import Sampling
    from retrieval import compare_rankings, report_files

    if len(rankings) < 2 or len(set(rankings)) < len(rankings):
        raise click.UsageError("give two rankings or more, each once")
    # Not a number is within no range, and nothing would be worse by that much, or by infinity.
    if margin is not None and not math.isfinite(margin):
        raise click.UsageError("--fail-if-worse-than must be a number of 0 or more")
    if photo_lists and not reports:
        raise click.UsageError("--photos is for the pictures of a report; add --report FILE.html")
    report_files.check(reports, (*rankings, truth, queries, index))
    for file in reports:
        check_output(file)
    done = compare_rankings.compare(rankings, truth, metric_name, Sampling(), queries=queries, index=index)
    worse = [] if margin is None else compare_rankings.worse(done.comparison, margin)
    values = {**done.comparison.to_dict(), "truth": truth, "provenance": done.facts}
    if margin is not None:
        values |= {"fail_if_worse_than": margin, "worse": [one.system for one in worse]}
    # Before anything is printed: a list of photographs may be unfit.
    document = compare_rankings.document(done, photo_lists) if reports else None
    # Files first, since a reader that has seen enough (`| head`) ends the program; figures in any case.
    try:
        if document is not None:
            report_files.write(reports, document, values)
    finally:
        if as_json:
            echo_json(values)
        else:
            click.echo(comparison_text.table(done.comparison))
    for one in worse:
        click.echo(
            f"{printable(one.system)} is worse than {printable(done.comparison.baseline)} by "
            f"{done.comparison.loss_of(one):.4f}, more than the {margin:g} that are allowed",
            err=True,
        )
    if worse:
        sys.exit(EXIT_ERROR)
