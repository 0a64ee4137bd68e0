"""Run the arms of an experiment over seeds; what is finished is kept and not run again."""

import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from extract import config as configs
from extract import plugins
from extract.errors import ConfigError
from extract.recipe_version import EXTRACTION_VERSION
from retrieval.experiments import _kept
from retrieval.experiments._kept import Measured
from retrieval.experiments._study import PACKAGE, Arm, Study
from train.origin import TRAINING_VERSION

logger = logging.getLogger(__name__)


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


@functools.cache
def _sha256_of(path: str) -> str:
    from extract import weight_files

    return weight_files.sha256_of(Path(path))


def _digest(name: str, arm: Arm, work: Work) -> str:
    weights = {backbone: _sha256_of(path) for backbone, path in sorted(work.weights.items())}
    return configs.digest(
        {
            "experiment": name,
            "arm": arm.name,
            "settings": dict(arm.settings),
            "data": str(work.data.resolve()),
            "small": work.small,
            "seed": work.seed,
            "weights": weights,
            "versions": [TRAINING_VERSION, EXTRACTION_VERSION],
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
