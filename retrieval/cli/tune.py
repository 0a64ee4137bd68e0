"""retrieve tune: find chain, weights and calibration for a store, and when a place is not in it."""

import sys

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._shared import check_output, echo_json, show_failures


@click.command("tune")
@click.argument("store")
@click.option(
    "--queries", required=True, metavar="TRAIN.csv",
    help="Photos to tune on (id,file,label); never those that the result will be judged by.",
)  # fmt: skip
@click.option(
    "--truth", metavar="SOLUTION.csv", help="GLDv2 solution (id,images[,Usage]) in place of labels."
)
@click.option("--out", metavar="RECIPE.toml", help="Write the recipe to use with --recipe.")
@click.option("--plot", metavar="OUT.png", help="Draw accuracy against time, the v curve and presence.")
@click.option(
    "--chains", metavar="'A;B,C'", help="Chains to try, split by semicolons; else all that the store allows."
)
@click.option("--top", "tops", type=click.IntRange(1), multiple=True, help="Candidates to try; 25, 50, 100.")
@click.option("--folds", type=click.IntRange(2), default=5, show_default=True, help="Cross-validation.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of folds and intervals.")
@click.option("--metric", "metric_name", default="map@100", show_default=True, help="map@K or recall@K.")
@click.option(
    "--precision", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.9, show_default=True,
    help="Wanted of 'the place is in the collection'.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    store: str,
    queries: str,
    truth: str | None,
    out: str | None,
    plot: str | None,
    chains: str | None,
    tops: tuple[int, ...],
    folds: int,
    seed: int,
    metric_name: str,
    precision: float,
    as_json: bool,
) -> None:
    """Search for the chain, its v, calibration and number of candidates on labelled queries.

    Figures are of queries that a setting was not chosen on: places are kept apart in folds. Of chains
    within one standard error, or a tenth of a point, of the best the fastest is recommended, and `none`
    where nothing surely beats it. A query that the store holds under the same id never finds itself. The
    recipe also learns the chance that a first hit is right, so that `query` can say when a place is not in
    the collection.

    \b
    Example:
      retrieve tune holiday.store --queries train.csv --out tuned.toml --plot tuned.png
      retrieve query holiday.store unknown.jpg --recipe tuned.toml
    """
    from evaluate import metrics
    from evaluate.truth import Truth
    from extract.photos import Photos
    from rerank import presets
    from retrieval import benchmark
    from retrieval import tune as search
    from retrieval.canvas import check_format
    from retrieval.engine import Engine
    from retrieval.tuning import plot as plots
    from retrieval.tuning import recipe_out, report
    from retrieval.tuning.result import TOPS, Settings
    from retrieval.tuning.steps import Candidate, candidate

    if out and not out.endswith(".toml"):
        raise click.UsageError(f"--out names a recipe file, which ends in .toml, got {out!r}")
    settings = Settings(folds=folds, seed=seed, tops=tops or TOPS, precision=precision)
    metric = metrics.parse(metric_name)
    engine = Engine.open(store)
    options = engine.recipe.rerank.options
    kinds = engine.store.recipe.local
    texts = [presets.expand(text, kinds) for text in chains.split(";") if text.strip()] if chains else None
    given = None if texts is None else [candidate(text, options) for text in texts]
    for one in given or ():
        engine.chain(one.names)
    check_output(out)
    check_output(plot)
    if plot:
        check_format(plot)
        plots.check_library()
    photos = Photos.read(queries)
    known = (
        Truth.from_solution(truth, engine.rows_by_id)
        if truth
        else benchmark.truth_from_labels(engine, photos)
    )
    tried = given if given is not None else search.singles(engine)
    everything = Candidate(tuple(step for one in tried for step in one.steps))
    described = benchmark.describe(engine, photos, known, everything.chain(max(settings.tops)))
    show_failures(list(described.failures.items()))
    tuned = search.tune(engine, described, known, metric, settings, chains=given, on_chain=_tell)
    if as_json:
        echo_json({"store": store, **report.to_dict(tuned), "failed": len(described.failures)})
    else:
        click.echo(report.table(tuned))
    # Last, so that a full disk does not cost the figures.
    if out:
        recipe_out.write(out, engine.recipe, tuned, queries)
    if plot:
        plots.draw(plot, tuned)
    if described.failures:
        sys.exit(EXIT_SOME_FAILED)


def _tell(done: int, total: int, text: str) -> None:
    import logging

    logging.getLogger(__name__).info("trying %s (%d of about %d)", text, done + 1, total)
