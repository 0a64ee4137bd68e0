"""retrieve query: photographs of the same place, best first."""

import sys
import time

import click

from retrieval.cli import EXIT_ERROR, EXIT_SOME_FAILED
from retrieval.cli._answers import echo_answer, echo_json_answer
from retrieval.cli._shared import chain_options, check_output, echo_json, show_failures


@click.command("query")
@click.argument("store")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="How many hits to give.")
@chain_options
@click.option("--grid", metavar="OUT.png", help="Draw queries and hits as one picture.")
@click.option("--explain", is_flag=True, help="Say for every hit how it came to its rank.")
@click.option("--matches", metavar="OUT.png",
              help="Draw the one PHOTO beside its first hits, with lines between what matches.")  # fmt: skip
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
    explain: bool,
    matches: str | None,
    as_json: bool,
) -> None:
    """Find the photographs of the place that each PHOTO shows.

    With a recipe from `retrieve tune`, and its own chain, it is told where a place does not seem to be in
    the collection; the hits are given all the same.

    --matches draws up to five hits whose matches lie on one plane, or the first hit where none do.

    \b
    Example:
      retrieve query holiday.store unknown.jpg -k 5 --rerank sift-geometric --grid answer.png
    """
    started = time.perf_counter()
    if matches and len(photos) > 1:
        raise click.UsageError(f"--matches draws one photograph, got {len(photos)}; --grid draws them all")
    from extract import recipe as recipes
    from extract.errors import StoreError
    from extract.photos import Photos
    from retrieval import explain as explanations
    from retrieval import grid as grids
    from retrieval import matches_picture, presence
    from retrieval.canvas import check_format
    from retrieval.engine import Engine

    engine = Engine.open(store, recipes.load(recipe_name) if recipe_name else None)
    chain = engine.chain(rerank, v=v, top=top)
    for picture in filter(None, (grid, matches)):
        check_output(picture)
        check_format(picture)
    explained_kinds = explanations.kinds(engine, chain) if explain or matches else frozenset()
    if matches and not explained_kinds:
        raise StoreError(
            f"--matches needs local descriptors with places and the store {store!r} has none; "
            "index into a new store with --local sift"
        )
    given = Photos.from_files(photos)
    opened = time.perf_counter()
    described = engine.describe(given, chain, also=explained_kinds)
    extracted = time.perf_counter()
    answers = []
    for place, name in enumerate(described.photos.ids):
        query = described.queries.one(place)
        answer = engine.search(query, k, chain)
        explained = explanations.explain(engine, query, answer, chain) if explain or matches else None
        answers.append((name, engine.hits(answer.ranking, explained)[0], answer.seconds))
    shared = {
        "open": opened - started,
        "describe": (extracted - opened) / max(1, len(given)),
    }
    for name, hits, seconds in answers:
        present = presence.judge(engine, hits, rerank=rerank, v=v, top=top)
        if as_json:
            echo_json_answer(
                name,
                chain.text,
                hits,
                {**shared, **seconds},
                engine.damaged,
                explain=explain,
                present=present,
            )
        else:
            echo_answer(name, chain.text, hits, explain=explain, present=present)
    if grid and answers:
        paths = dict(zip(described.photos.ids, described.photos.paths, strict=True))
        grids.draw(grid, [(paths[name], hits) for name, hits, _ in answers])
    if matches and answers:
        (path,), (_, hits, _) = described.photos.paths, answers[0]
        if hits:
            matches_picture.draw(matches, path, matches_picture.choose(hits))
        else:
            click.echo(f"{matches} is not drawn: there is no hit", err=True)
    if as_json:
        for name, reason in described.failures.items():
            echo_json({"query": name, "hits": [], "error": reason})
    show_failures(list(described.failures.items()))
    if described.failures or engine.damaged:
        sys.exit(EXIT_SOME_FAILED if answers else EXIT_ERROR)
