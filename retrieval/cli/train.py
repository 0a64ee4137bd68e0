"""retrieve train: a network that knows one's own places, from photographs of them."""

import dataclasses
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from retrieval.cli import EXIT_SOME_FAILED
from retrieval.cli._shared import changes_of, echo_json, lay_over, show_failures
from retrieval.cli._training import TrainingDisplay, figure_text

if TYPE_CHECKING:
    from train.loop import Result
    from train.onnx_export import Exported
    from train.recipe import TrainRecipe
    from train.settings import Network

_EXIT_INTERRUPTED = 130
# Of the head that is trained on a frozen backbone where the recipe has none.
_FROZEN_HEAD, _FROZEN_DIM = "linear", 512
# A whitening is fitted on the vectors that these make.
_OF_A_WHITENING = {"network.backbone", "network.weights", "network.pooling", "network.gem_p"}


@click.command("train")
@click.argument("recipe_name", required=False, metavar="[RECIPE.toml]")
@click.option("--data", required=True, metavar="D",
              help="A folder of a folder a class, a CSV (id,file,label[,split]), or a store.")  # fmt: skip
@click.option("--out", required=True, metavar="RUN", help="The folder to write, new or empty.")
@click.option("--freeze", is_flag=True,
              help="Train a head alone, on vectors of a fixed backbone: minutes, not hours.")  # fmt: skip
@click.option("--epochs", type=click.IntRange(1), help="In place of the recipe's.")
@click.option("--seed", type=click.IntRange(0), help="In place of the recipe's.")
@click.option("--resume", is_flag=True, help="Go on with the run in RUN, by its own recipe if none is named.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="One setting of the recipe, e.g. optimiser.rate=5e-5; may be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    recipe_name: str | None,
    data: str,
    out: str,
    freeze: bool,
    epochs: int | None,
    seed: int | None,
    resume: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train a network on photographs of D, so that `retrieve index --recipe RUN` describes by it.

    Whole classes are held back, and the epoch that finds their photographs best is kept. RUN holds the
    recipe and its weights, train.toml, log.csv, metrics.csv, curves.png, checkpoints, events for TensorBoard
    and network.onnx. A run that was stopped, by whatever, goes on with --resume and comes to the same
    weights. It needs pip install 'landmark-retrieval[train]'. On several GPUs:
    torchrun --nproc-per-node 2 -m retrieval.cli train ...

    \b
    Example:
      retrieve train --data places/ --out places.run
      retrieve index holiday/ --store holiday.store --recipe places.run
    """
    from extract.store import DescriptorStore
    from train import agreement, extras, labelled_photos, loop

    recipe = _recipe(recipe_name, Path(out), freeze, epochs, seed, resume, settings)
    if not agreement.is_first():
        logging.disable(logging.WARNING)
    photos = labelled_photos.read(data, labels=recipe.labels)
    display = TrainingDisplay()
    try:
        result = loop.fit(
            recipe,
            photos,
            Path(out),
            resume=resume,
            given=Path(data) if DescriptorStore.exists(data) else None,
            on_event=display,
        )
        display.close()
        exported = extras.write(Path(out), display) if agreement.is_first() else None
    except KeyboardInterrupt:
        display.close()
        click.echo("interrupted; the last checkpoint is kept, go on with --resume", err=True)
        sys.exit(_EXIT_INTERRUPTED)
    finally:
        display.close()
    if agreement.is_first():
        _show(result, exported, out, as_json)
    if result.failures:
        sys.exit(EXIT_SOME_FAILED)


def _recipe(
    name: str | None,
    out: Path,
    freeze: bool,
    epochs: int | None,
    seed: int | None,
    resume: bool,
    settings: Sequence[str],
) -> "TrainRecipe":
    from train import recipe as recipes
    from train import run_folder

    begun = out / run_folder.SETTINGS_FILE
    if name is None and resume and begun.exists():
        name = str(begun)
    loaded = recipes.load(name or "default")
    changes = changes_of(settings, "optimiser.rate=5e-5")
    if freeze:
        frozen: dict[str, object] = {"network.frozen": True}
        if loaded.network.head == "none":
            frozen |= {"network.head": _FROZEN_HEAD, "network.dim": _FROZEN_DIM}
        changes = frozen | changes
    left_out = _left_out(loaded.network, changes)
    if name and left_out:
        click.echo(f"left out, as they do not go with what is set: {', '.join(left_out)}", err=True)
    values = _plain(loaded, changes)
    given = {"epochs": epochs, "seed": seed}
    values |= {key: value for key, value in given.items() if value is not None}
    lay_over(values, left_out | changes)
    return recipes.from_plain(values)


def _plain(recipe: "TrainRecipe", changes: Mapping[str, object]) -> dict[str, object]:
    """Give the tables of `recipe` without the losses, miner and sampler that `changes` replace by others."""
    named = {key.split(".")[1] for key in changes if key.startswith("loss.")}
    if named - recipe.losses.keys():
        kept = {name: term for name, term in recipe.losses.items() if name in named}
        recipe = dataclasses.replace(recipe, losses=kept)
    tables = recipe.to_plain()
    for table, before in (("miner", recipe.miner_kind), ("sampler", recipe.sampler_kind)):
        kind = changes.get(f"{table}.kind", before)
        if kind != before:
            tables[table] = {"kind": kind}
    return tables


def _left_out(network: "Network", changes: Mapping[str, object]) -> dict[str, object]:
    """Take out of `network` what does not go with another head or backbone, where `changes` ask for one."""
    has_random_part = (
        changes.get("network.pretrained") is False or changes.get("network.head", "none") != "none"
    )
    is_other = not _OF_A_WHITENING.isdisjoint(changes)
    others: dict[str, object] = {}
    if network.whitening.path and (has_random_part or is_other):
        others["network.whitening"] = ""
    if network.distill and has_random_part:
        others["network.distill"] = 0.0
    return {key: value for key, value in others.items() if key not in changes}


def _show(result: "Result", exported: "Exported | None", out: str, as_json: bool) -> None:
    show_failures(result.failures)
    best = result.best
    if as_json:
        figure = best.judged.figure if best else None
        echo_json(
            {
                "run": out,
                "recipe": str(result.recipe_file),
                "metric": best.judged.metric if best else None,
                **({"value": figure.value, "low": figure.low, "high": figure.high} if figure else {}),
                "queries": figure.queries if figure else 0,
                "best_epoch": best.epoch if best else None,
                "epochs": result.epochs_run,
                "seconds": round(result.seconds, 2),
                "photos_per_second": round(result.images_per_second, 2),
                "onnx": str(exported.path) if exported else None,
                "onnx_difference": exported.max_difference if exported else None,
                "failed": len(result.failures),
            }
        )
        return
    rate = f"{result.images_per_second:.1f} photos a second"
    click.echo(f"{result.epochs_run} epochs in {result.seconds:.0f} s, {rate}")
    if best:
        judged = best.judged
        text = figure_text(judged.figure)
        click.echo(f"epoch {best.epoch} is kept: {judged.metric} {text} held back")
    if exported:
        click.echo(f"{exported.path} differs from torch by at most {exported.max_difference:.1g}")
    click.echo(f"use it with: retrieve index PHOTOS --store S --recipe {out}")
