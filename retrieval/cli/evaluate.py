"""retrieve evaluate: how well a store answers, in figures with intervals."""

import sys

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._answers import plain_damage
from retrieval.cli._shared import chain_options, check_output, echo_json, show_failures

_DEPTH = 100


@click.command("evaluate")
@click.argument("store")
@click.option(
    "--queries", required=True, metavar="QUERIES", help="A CSV (id,file,label[,usage]) or a folder."
)
@click.option(
    "--truth", metavar="SOLUTION.csv", help="GLDv2 solution (id,images[,Usage]) in place of labels."
)
@click.option("--metric", "metric_names", multiple=True, default=("map@100",), show_default=True,
              help="map@K, recall@K, knn-f1 or knn-f1-nearest; may be repeated.")  # fmt: skip
@chain_options
@click.option("--save-ranking", metavar="R.csv", help="Write the rankings: id,images.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    store: str,
    queries: str,
    truth: str | None,
    metric_names: tuple[str, ...],
    rerank: str | None,
    v: float | None,
    top: int | None,
    recipe_name: str | None,
    save_ranking: str | None,
    as_json: bool,
) -> None:
    """Ask the store with every query and measure the answers, with 95 % bootstrap intervals over queries.

    Correct is what has the query's label (or what --truth says); a query never finds itself. map@K is the
    GLDv2 definition; recall@K the share of queries with a correct photo among the first K; knn-f1 the
    macro F1 of a vote of the five nearest labelled photos, ties to the largest label (knn-f1-nearest: to
    the nearest).

    \b
    Example:
      retrieve evaluate holiday.store --queries query.csv --metric map@100 --metric recall@1
    """
    from evaluate import metrics as metric_plugins
    from evaluate.truth import Truth
    from extract import recipe as recipes
    from extract.photos import Photos
    from retrieval import benchmark, saved_ranking
    from retrieval.engine import Engine

    metrics = [metric_plugins.parse(name) for name in metric_names]
    engine = Engine.open(store, recipes.load(recipe_name) if recipe_name else None)
    chain = engine.chain(rerank, v=v, top=top)
    check_output(save_ranking)
    photos = Photos.read(queries)
    known = (
        Truth.from_solution(truth, engine.rows_by_id)
        if truth
        else benchmark.truth_from_labels(engine, photos)
    )
    depth = max([_DEPTH, *(getattr(metric, "k", 0) or 0 for metric in metrics)])
    described = benchmark.describe(engine, photos, known, chain)
    done = benchmark.run(engine, described, known, metrics, chain, depth=depth)
    show_failures(list(done.failures.items()))
    if as_json:
        echo_json(
            {
                **done.report.to_dict(),
                "store": store,
                "revision": engine.store.revision,
                "recipe": {"name": engine.recipe.name, "digest": engine.store.digest},
                "rerank": {"chain": chain.text, "top": chain.top, "v": v},
                "failed": len(done.failures),
                "damaged": plain_damage(engine.damaged),
                "seconds": {stage: round(value, 4) for stage, value in done.seconds.items()},
            }
        )
    else:
        click.echo(f"{store}, chain {chain.text}")
        click.echo(done.report.table())
    # Last, so that a full disk does not cost the figures.
    if save_ranking:
        saved_ranking.write(save_ranking, done, engine)
    if done.failures or engine.damaged:
        sys.exit(EXIT_SOME_FAILED)
