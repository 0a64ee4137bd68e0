"""Run the arms of an experiment over seeds; what is finished is kept and not run again."""

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from retrieval.experiments import _kept
from retrieval.experiments._kept import Measured
from retrieval.experiments._study import PACKAGE, Arm, Study

logger = logging.getLogger(__name__)

_RANDOM = "random initialisation"


@dataclass(frozen=True)
class Work:
    """Where one arm runs with one seed.

    `data` is the folder or list to read, `folder` belongs to this arm and seed alone and stays over resumed
    runs, `all_runs` holds the folders of all experiments. `weights` are files by the name of the backbone.
    """

    data: Path
    small: bool
    seed: int
    folder: Path
    all_runs: Path
    weights: Mapping[str, str]


class Experiment(Protocol):
    """The shape of an experiment's module."""

    STUDY: Study

    def run(self, arm: Arm, work: Work) -> Measured:
        """Run one arm with one seed; the same queries in the same order for all arms and seeds."""
        ...


def load(name: str) -> Experiment:
    """Import an experiment by name.

    Raises:
        PluginError: there is none, with the nearest name.
    """
    return cast(Experiment, plugins.load(PACKAGE, name))


def run_all(
    name: str, work: Work, num_seeds: int, on_run: Callable[[str, int, bool], None]
) -> dict[str, list[Measured]]:
    """Run every arm of an experiment with the seeds 0 to `num_seeds` - 1; give what they measured by arm.

    `work` has what all of them share. `on_run` is told arm, seed and whether it was kept from an earlier run.
    Seeds come first, so that a run that is stopped has whole rounds of arms.

    Raises:
        RetrieveError: the data are unfit or a run fails; finished runs stay.
    """
    experiment = load(name)
    arms = experiment.STUDY.of_size(work.small)
    found: dict[str, list[Measured]] = {arm.name: [] for arm in arms}
    for seed in range(num_seeds):
        for arm in (arm for arm in arms if not (seed and arm.one_seed)):
            own = dataclasses.replace(work, seed=seed)
            is_kept = _kept.read(folder_of(name, arm, own), _digest(name, arm, own)) is not None
            on_run(arm.name, seed, is_kept)
            found[arm.name].append(finished_or_run(name, arm, own))
    _check_same_queries(found)
    return found


def finished_or_run(name: str, arm: Arm, work: Work) -> Measured:
    """Give what an arm of the experiment `name` measured with this seed; run it where it is not kept."""
    digest = _digest(name, arm, work)
    folder = folder_of(name, arm, work)
    kept = _kept.read(folder, digest)
    if kept is not None:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    measured = load(name).run(arm, dataclasses.replace(work, folder=folder))
    measured = dataclasses.replace(measured, seconds=time.perf_counter() - started)
    _kept.write(folder, measured, digest)
    logger.info("%s, %s, seed %d: %.1f s", name, arm.name, work.seed, measured.seconds)
    return measured


def folder_of(name: str, arm: Arm, work: Work) -> Path:
    """Name the folder of an arm of the experiment `name` with this seed; other settings, another folder."""
    return folder_of_experiment(name, work) / arm.name / f"seed-{work.seed}-{_digest(name, arm, work)[:8]}"


def folder_of_experiment(name: str, work: Work) -> Path:
    """Name the folder of the experiment `name`; small runs have one of their own."""
    return work.all_runs / (f"{name}-small" if work.small else name)


def weights_by_backbone(arms: Sequence[Arm], given: Sequence[str]) -> dict[str, str]:
    """Read `[BACKBONE=]FILE` of the command line; without a name the file is for the arms' only backbone.

    Raises:
        ConfigError: the arms have several backbones or not the one named, or the file is not there.
    """
    backbones = sorted({name for arm in arms for name in _backbones(arm.settings)})
    files: dict[str, str] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or Path(text).is_file():
            name, path = (backbones[0] if len(backbones) == 1 else ""), text
        if name not in backbones:
            raise ConfigError(
                f"--weights {text} must say for which backbone: BACKBONE=FILE; this experiment has "
                f"{', '.join(backbones)}"
            )
        if not Path(path).is_file():
            raise ConfigError(f"--weights {text}: the file {path!r} is not there")
        files[name] = path
    return files


def _backbones(values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        if key == "backbone":
            yield str(value)
        elif isinstance(value, Mapping):
            yield from _backbones(value)


def with_weights(plain: Mapping[str, object], work: Work) -> tuple[dict[str, object], bool]:
    """Lay the weights that can be had over a recipe's plain values; tell whether it begins at random.

    Those of `work` go first, then packaged ones and timm's hub. Where there are none, and where the recipe
    itself has `pretrained` false, the network begins at random.

    Raises:
        WeightsError: a file of `work` cannot be read.
    """
    network = dict(cast(Mapping[str, object], plain.get("network", {})))
    backbone = str(network["backbone"])
    if not network.get("pretrained", True):
        return dict(plain), True
    if backbone in work.weights:
        network["weights"] = str(Path(work.weights[backbone]).resolve())
        return {**plain, "network": network}, False
    if _has_weights(backbone):
        return dict(plain), False
    network["pretrained"] = False
    return {**plain, "network": network}, True


_known_weights: dict[str, bool] = {}


def _has_weights(backbone: str) -> bool:
    # Asked once: without a network every question takes seconds.
    if backbone not in _known_weights:
        from extract import timm_backbone
        from extract.config import NO_FILE
        from extract.errors import WeightsError

        try:
            timm_backbone.resolve_weights(backbone, NO_FILE)
            _known_weights[backbone] = True
        except WeightsError as error:
            logger.warning("%s: %s; no conclusion will be drawn (%s)", backbone, _RANDOM, error)
            _known_weights[backbone] = False
    return _known_weights[backbone]


def _digest(name: str, arm: Arm, work: Work) -> str:
    from extract import weight_files

    weights = {
        backbone: weight_files.sha256_of(Path(path)) for backbone, path in sorted(work.weights.items())
    }
    return configs.digest(
        {
            "experiment": name,
            "arm": arm.name,
            "settings": dict(arm.settings),
            "data": str(work.data.resolve()),
            "small": work.small,
            "seed": work.seed,
            "weights": weights,
        }
    )


def _check_same_queries(found: Mapping[str, list[Measured]]) -> None:
    first = next(iter(found.values()))[0]
    for arm, runs in found.items():
        for measured in runs:
            for name, outcome in measured.outcomes.items():
                known = first.outcomes.get(name)
                if (
                    known is None
                    or known.query_ids != outcome.query_ids
                    or known.num_queries != outcome.num_queries
                ):
                    raise ConfigError(
                        f"{arm!r} was asked other queries than the arm before it; the data changed "
                        "between two runs: give another --out"
                    )
