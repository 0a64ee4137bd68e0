"""retrieve evaluate: how well a store, or any system's ranking, answers, in figures with intervals."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._figures import show
from retrieval.cli._shared import chain_options, check_output, show_failures

if TYPE_CHECKING:
    from evaluate.intervals import Kind
    from retrieval.evaluated import Wanted


@click.command("evaluate")
@click.argument("store", required=False)
@click.option(
    "--queries",
    metavar="QUERIES",
    help="With a store: a CSV (id,file[,label][,usage],…) or a folder. With --ranking: a CSV (id[,label],…) "
    "that says who asks, and brings columns for --by.",
)
@click.option(
    "--ranking",
    metavar="R.csv",
    help="Rankings of any system in place of a store: id,images; query,id,rank[,score]; id,landmarks; "
    "a TREC run; pairs; JSON.",
)
@click.option(
    "--truth",
    metavar="T",
    help="What is correct: solution (id,images[,Usage]), labels (id,label), qrels, revisited Oxford or "
    "Paris, recognition (id,landmarks), a folder a class. Default with a store: the photographs' labels.",
)
@click.option(
    "--index",
    metavar="I.csv",
    help="With --ranking: the ids (and labels) of all images that were searched, where the truth lacks them.",
)
@click.option(
    "--metric",
    "metric_names",
    multiple=True,
    metavar="NAME",
    help="map@K, recall@K, knn-f1, roxford-medium, gap, …; may be repeated. Default: what the truth is for.",
)
@click.option(
    "--dialect",
    metavar="NAME",
    help="Compute map@K as another program does: gldv2, trec, found or trapezoid.",
)
@click.option("--all-dialects", is_flag=True, help="Compute map@K in every dialect, side by side.")
@click.option(
    "--by",
    "columns",
    multiple=True,
    metavar="COLUMN",
    help="Figures by a column of the queries, such as label, or by m, how many are correct; may be repeated.",
)
@click.option(
    "--interval",
    "kind",
    type=click.Choice(["bca", "percentile"]),
    default="bca",
    show_default=True,
    help="How bootstrap intervals are made.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE.html|.md|.json",
    help="Write a report with curves, groups and the worst queries; may be repeated.",
)
@click.option(
    "--photos",
    "photo_lists",
    multiple=True,
    metavar="CSV|FOLDER",
    help="With --ranking: where the pictures of a report are; may be repeated.",
)
@click.option(
    "--whole-queries", is_flag=True, help="Of revisited Oxford and Paris: ask with whole photos, not boxes."
)
@click.option(
    "--paper-mode",
    is_flag=True,
    help="Of revisited Oxford and Paris: take junk out before re-ranking, as papers do.",
)
@chain_options
@click.option("--save-ranking", metavar="R.csv", help="With a store: write the rankings, id,images.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    store: str | None,
    queries: str | None,
    ranking: str | None,
    truth: str | None,
    index: str | None,
    metric_names: tuple[str, ...],
    dialect: str | None,
    all_dialects: bool,
    columns: tuple[str, ...],
    kind: "Kind",
    reports: tuple[str, ...],
    photo_lists: tuple[str, ...],
    whole_queries: bool,
    paper_mode: bool,
    rerank: str | None,
    v: float | None,
    top: int | None,
    recipe_name: str | None,
    save_ranking: str | None,
    as_json: bool,
) -> None:
    """Measure a store's answers to queries, or the rankings of any system, with 95 % bootstrap intervals.

    Correct is what has the query's label (or what --truth says); a query never finds itself. map@K is the
    GLDv2 definition, and --all-dialects shows what other programs call mAP on the same list; recall@K is
    the share of queries with a correct photo among the first K; knn-f1 the macro F1 of a vote of the five
    nearest labelled photos, ties to the largest label (knn-f1-nearest: to the nearest). With --ranking no
    store is needed. A misspelt metric lists them all.

    \b
    Example:
      retrieve evaluate holiday.store --queries query.csv --metric map@100 --report report.html
      retrieve evaluate --ranking r.csv --truth gnd_roxford5k.pkl --metric roxford-medium --json
    """
    from evaluate.report import Sampling
    from retrieval import report_files
    from retrieval.evaluated import Wanted

    report_files.check(reports, (queries, ranking, truth, index))
    report_files.spare((queries, ranking, truth, index), [save_ranking])
    for file in (*reports, save_ranking):
        check_output(file)
    wanted = Wanted(
        metric_names, dialect, all_dialects, columns, Sampling(kind=kind), whole_queries, paper_mode
    )
    if ranking is not None:
        if store is not None or truth is None:
            raise click.UsageError("--ranking R.csv goes with --truth T, and without a STORE")
        if photo_lists and not reports:
            raise click.UsageError("--photos is for the pictures of a report; add --report FILE.html")
        given = any(option is not None for option in (rerank, v, top, recipe_name, save_ranking))
        if given or whole_queries or paper_mode:
            raise click.UsageError(
                "a file of rankings is read as it stands: --rerank, --v, --top, --recipe, --whole-queries, "
                "--paper-mode and --save-ranking are for a STORE"
            )
        from retrieval import evaluate_rankings

        done = evaluate_rankings.evaluate(
            ranking, truth, wanted, queries=queries, index=index, photos=photo_lists
        )
        show(done, ranking, all_dialects=all_dialects, reports=reports, as_json=as_json)
        return
    if store is None or queries is None:
        raise click.UsageError("give a STORE and --queries QUERIES, or --ranking R.csv and --truth T")
    if index is not None or photo_lists:
        raise click.UsageError("--index and --photos are for --ranking; a STORE knows its photographs")
    _of_store(
        store,
        queries,
        truth,
        wanted,
        rerank=rerank,
        v=v,
        top=top,
        recipe_name=recipe_name,
        save_ranking=save_ranking,
        reports=reports,
        as_json=as_json,
    )


def _of_store(
    store: str,
    queries: str,
    truth: str | None,
    wanted: "Wanted",
    *,
    rerank: str | None,
    v: float | None,
    top: int | None,
    recipe_name: str | None,
    save_ranking: str | None,
    reports: tuple[str, ...],
    as_json: bool,
) -> None:
    from extract import recipe as recipes
    from retrieval import evaluate_rankings, evaluate_store, saved_ranking
    from retrieval.cli._answers import plain_damage
    from retrieval.engine import Engine

    engine = Engine.open(store, recipes.load(recipe_name) if recipe_name else None)
    chain = engine.chain(rerank, v=v, top=top)
    done, ran = evaluate_store.evaluate(
        engine,
        queries,
        truth,
        wanted=wanted,
        chain=chain,
        default_metrics=evaluate_rankings.default_metrics(truth),
    )
    show_failures(list(ran.failures.items()))
    details = {
        "store": store,
        "revision": engine.store.revision,
        "recipe": {"name": engine.recipe.name, "digest": engine.store.digest},
        "rerank": {"chain": chain.text, "top": chain.top, "v": v},
        "failed": len(ran.failures),
        "damaged": plain_damage(engine.damaged),
        "seconds": {stage: round(value, 4) for stage, value in ran.seconds.items()},
        **done.details,
    }
    # A full disk does not cost the figures.
    try:
        if save_ranking:
            saved_ranking.write(save_ranking, ran, engine)
    finally:
        show(
            replace(done, details=details),
            f"{store}, chain {chain.text}",
            all_dialects=wanted.all_dialects,
            reports=reports,
            as_json=as_json,
        )
    if ran.failures or engine.damaged:
        sys.exit(EXIT_SOME_FAILED)
