"""retrieve demo: the whole job on photographs that are already on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from retrieval.cli._shared import echo_json, progress

if TYPE_CHECKING:
    from retrieval.benchmark import Benchmark

_SHOWN = 6
_HITS = 4


@click.command("demo")
@click.option(
    "--out", default="demo", show_default=True, metavar="FOLDER", help="Where pictures and store go."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(out: str, as_json: bool) -> None:
    """Show the main job without any data of your own: index, ask, re-rank, measure, draw.

    Takes the photographs that installed packages ship, makes hard second views of them (viewpoint, crop,
    light, compression; so what is correct is known), and prints global only against re-ranked.

    \b
    Example:
      retrieve demo --out demo
    """
    from evaluate import metrics as metric_plugins
    from extract import recipe as recipes
    from extract.photos import Photos
    from retrieval import benchmark, build, demo
    from retrieval.engine import Engine
    from retrieval.grid import draw

    folder = Path(out)
    made = demo.make(folder)
    recipe = recipes.with_local(recipes.load("default"), ["sift"])
    store = folder / "demo.store"
    with progress("indexing") as (start, step):
        summary = build.build(Photos.read(made.index), recipe, store, on_start=start, on_photo=step)
    engine = Engine.open(store)
    queries = Photos.read(made.queries)
    truth = benchmark.truth_from_labels(engine, queries)
    metrics = [metric_plugins.parse(name) for name in ("map@100", "recall@1")]
    chains = ("none", "sift-ratio", "sift-geometric", "best")
    described = benchmark.describe(engine, queries, truth, engine.chain(chains[-1]))
    known = benchmark.ground_truth(engine, described.asked, truth)
    runs = {
        text: benchmark.run(
            engine,
            described,
            known,
            metrics,
            engine.chain(text),
        )
        for text in chains
    }
    grid = folder / "grid.png"
    chosen = _most_changed(runs["none"], runs[chains[-1]])
    answers, correct, titles = [], [], []
    for query in chosen:
        for text in ("none", chains[-1]):
            hits = engine.hits(runs[text].ranking.top(_HITS))[query]
            answers.append((queries.paths[query], hits))
            correct.append({engine.store.records.ids[row] for row in truth.relevant[query]})
            titles.append("global only" if text == "none" else text)
    draw(grid, answers, correct=correct, titles=titles)
    if as_json:
        results = {text: run.report.to_dict()["metrics"] for text, run in runs.items()}
        echo_json({"photos": summary.photos, "queries": made.places, "grid": str(grid), "metrics": results})
        return
    click.echo(
        f"{summary.photos} photos indexed in {summary.seconds:.1f} s, {made.places} hard views asked\n"
    )
    for text, done in runs.items():
        click.echo(f"{'global only' if text == 'none' else text}\n{done.report.table()}\n")
    click.echo(f"picture of the {_SHOWN} answers that re-ranking changed most: {grid}")
    click.echo(f"ask yourself: retrieve query {store} {queries.paths[0]}")


def _most_changed(before: "Benchmark", after: "Benchmark") -> list[int]:
    """Give the queries whose first hits differ most between two runs, and fill up with the first ones."""
    differ = (before.ranking.rows[:, :_HITS] != after.ranking.rows[:, :_HITS]).sum(axis=1)
    order = sorted(range(len(differ)), key=lambda query: (-int(differ[query]), query))
    return order[:_SHOWN]
