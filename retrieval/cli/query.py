"""retrieve query: photographs of the same place, best first."""

import sys
import time

import click

from retrieval.cli import EXIT_ERROR, EXIT_SOME_FAILED
from retrieval.cli._shared import chain_options, check_output, echo_json, printable, show_failures


@click.command("query")
@click.argument("store")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="How many hits to give.")
@chain_options
@click.option("--grid", metavar="OUT.png", help="Draw queries and hits as one picture.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a photo.")
def command(
    store: str,
    photos: tuple[str, ...],
    k: int,
    rerank: str | None,
    v: float | None,
    top: int | None,
    recipe_name: str | None,
    grid: str | None,
    as_json: bool,
) -> None:
    """Find the photographs of the place that each PHOTO shows.

    \b
    Example:
      retrieve query holiday.store unknown.jpg -k 5 --rerank sift-geometric --grid answer.png
    """
    started = time.perf_counter()
    from extract import recipe as recipes
    from extract.photos import Photos
    from retrieval.engine import Engine
    from retrieval.grid import check_format, draw

    engine = Engine.open(store, recipes.load(recipe_name) if recipe_name else None)
    chain = engine.chain(rerank, v=v, top=top)
    if grid:
        check_output(grid)
        check_format(grid)
    given = Photos.from_files(photos)
    opened = time.perf_counter()
    described = engine.describe(given, chain)
    extracted = time.perf_counter()
    answers = []
    for place, name in enumerate(described.photos.ids):
        answer = engine.search(described.queries.one(place), k, chain)
        answers.append((name, engine.hits(answer.ranking)[0], answer.seconds))
    shared = {
        "open": opened - started,
        "describe": (extracted - opened) / max(1, len(given)),
    }
    for name, hits, seconds in answers:
        if as_json:
            echo_json(
                {
                    "query": name,
                    "chain": chain.text,
                    "hits": [
                        {
                            "rank": hit.rank,
                            "id": hit.id,
                            "score": hit.score,
                            "global": hit.global_score,
                            "local": hit.local,
                            **hit.columns,
                            "path": hit.path.encode(errors="surrogateescape").decode(
                                errors="backslashreplace"
                            ),
                        }
                        for hit in hits
                    ],
                    "seconds": {stage: round(value, 4) for stage, value in {**shared, **seconds}.items()},
                }
            )
            continue
        click.echo(f"{printable(name)} ({chain.text})")
        for hit in hits:
            local = "" if hit.local is None else f"  local {hit.local:.3f}"
            click.echo(
                f"{hit.rank:>4}  {hit.score:.4f}  global {hit.global_score:.4f}{local}  {printable(hit.id)}"
            )
    if grid and answers:
        paths = dict(zip(described.photos.ids, described.photos.paths, strict=True))
        draw(grid, [(paths[name], hits) for name, hits, _ in answers])
    if as_json:
        for name, reason in described.failures.items():
            echo_json({"query": name, "hits": [], "error": reason})
    if described.failures:
        show_failures(list(described.failures.items()))
        sys.exit(EXIT_SOME_FAILED if answers else EXIT_ERROR)
