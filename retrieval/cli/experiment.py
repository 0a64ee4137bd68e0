"""retrieve experiment: run one of the studies' experiments again, and set it beside the study's figures."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from retrieval.cli._shared import echo_json

if TYPE_CHECKING:
    from retrieval.experiments._study import Study

_SMALL_DATA = Path("../shared/data")

logger = logging.getLogger(__name__)


@click.command("experiment")
@click.argument("name", required=False)
@click.option("--list", "as_list", is_flag=True, help="Name all experiments, with the studies' figures.")
@click.option(
    "--data", metavar="D", help="The study's data set; with --small the folder of the small real sets."
)
@click.option("--small", is_flag=True, help="A run of minutes on the small sets, with stand-in networks.")
@click.option(
    "--seeds", type=click.IntRange(1), default=3, show_default=True, help="How often each arm is run."
)
@click.option(
    "--out", default="experiments", show_default=True, metavar="DIR",
    help="Keeps finished runs, tables and pictures; run again to go on.",
)  # fmt: skip
@click.option(
    "--weights", multiple=True, metavar="[BACKBONE=]FILE",
    help="Pretrained weights, in place of timm's hub; may be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    name: str | None,
    as_list: bool,
    data: str | None,
    small: bool,
    seeds: int,
    out: str,
    weights: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run an experiment of the studies that this program carries on, over several seeds.

    Ends in a table, ours with intervals beside the study's figures, a picture of the same, t-SNE pictures of
    every arm, and a sentence on whether the study's ranking holds. Where pretrained weights cannot be
    had a network begins at random: the table says so, and nothing is concluded from it.

    \b
    Example:
      retrieve experiment --list
      retrieve experiment losses --small --data ../shared/data
      retrieve experiment losses --data tiny-imagenet-200 --weights resnet50=resnet50.safetensors
    """
    from retrieval.experiments import _report, _run, _weights

    if as_list and as_json:
        raise click.UsageError("--list is a text; leave --json out")
    if as_list:
        click.echo("\n".join(_report.listed()))
        return
    if name is None:
        raise click.UsageError("name an experiment; --list names them all")
    study = _run.load(name).STUDY
    work = _run.Work(
        data=_data(study, data, small),
        small=small,
        seed=0,
        folder=Path(out),
        all_runs=Path(out),
        weights=_weights.weights_by_backbone(study.of_size(small), weights),
    )

    def tell(arm: str, seed: int, is_kept: bool) -> None:
        logger.info("%s, seed %d%s", arm, seed, ": kept from before" if is_kept else "")

    report = _report.make(name, work, seeds, tell)
    if as_json:
        echo_json(report.values)
    else:
        click.echo(report.text)
        click.echo(f"written to {report.folder}")


def _data(study: "Study", data: str | None, small: bool) -> Path:
    from extract.errors import ConfigError

    if data is not None:
        path = Path(data)
    elif small and _SMALL_DATA.is_dir():
        return _SMALL_DATA
    elif small:
        raise ConfigError(
            "--small needs the folder of the small sets (finegrained, landmarks); give it with --data"
        )
    else:
        raise ConfigError(f"--data must name {study.data}; or take the small sets with --small")
    if not path.exists():
        raise ConfigError(
            f"{data!r} is not there; --data must name {study.data if not small else 'the small sets'}"
        )
    return path
