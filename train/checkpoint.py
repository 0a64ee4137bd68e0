"""Keep a run's state so that it may die at any byte and go on as if it had not."""

import dataclasses
import io
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import torch

from extract import config as configs
from extract.errors import ConfigError, StoreError
from extract.publish import publish
from train.errors import TrainingError
from train.judge import Judged
from train.origin import Origin

LAST_FILE = "checkpoint.pt"
_BEST_FILES = "best-*.pt"
_NO_CHECKPOINT = "is no checkpoint of a training; train into a new folder"

State = dict[str, object]


@dataclass(frozen=True)
class Best:
    """The epoch that comes out of a run, the first being 1, and how it was judged."""

    epoch: int
    judged: Judged


@dataclass(frozen=True)
class Progress:
    """Where a run stands: `step` steps are done, and `epoch` whole epochs.

    `loss_sum` is that of the begun epoch, `waited` counts epochs since the best one, `failures` are the
    photographs that could not be read, as (id, reason). `step_seconds` are those of the `seconds` that steps
    took; what a killed run did in vain is in neither.
    """

    step: int = 0
    epoch: int = 0
    loss_sum: float = 0.0
    best: Best | None = None
    waited: int = 0
    is_finished: bool = False
    failures: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    step_seconds: float = 0.0


def save(out: Path, origin: Origin, progress: Progress, state: State) -> None:
    """Write the state of a run over the one before, whole or not at all.

    Raises:
        TrainingError: the disk is full or failing; the checkpoint before stays.
    """
    noted = {
        "origin": json.dumps(dataclasses.asdict(origin)),
        "progress": json.dumps(dataclasses.asdict(progress)),
    }
    _write(out / LAST_FILE, {**noted, "state": state})


def save_best(out: Path, epoch: int, weights: State) -> None:
    """Write the weights of epoch `epoch` beside those of the best one before.

    A checkpoint says by number which of them counts, so it is never without its best.

    Raises:
        TrainingError: the disk is full or failing.
    """
    _write(_best_file(out, epoch), weights)


def drop_others(out: Path, epoch: int) -> None:
    """Delete the weights of all epochs but `epoch`, once a checkpoint names that one."""
    for path in out.glob(_BEST_FILES):
        if path != _best_file(out, epoch):
            path.unlink(missing_ok=True)


def mark_finished(out: Path, origin: Origin) -> None:
    """Note in the checkpoint that all files of its run are written.

    Raises:
        TrainingError: the disk is full or failing.
    """
    progress, state = load(out, origin)
    save(out, origin, dataclasses.replace(progress, is_finished=True), state)


def exists(out: Path) -> bool:
    """Say whether a run got so far that there is something to go on from."""
    return (out / LAST_FILE).exists()


def load(out: Path, origin: Origin) -> tuple[Progress, State]:
    """Read the state of the run in `out`.

    Raises:
        TrainingError: it is damaged, or was begun with another recipe, other data or other code than
            `origin`; the sentence says what differs.
    """
    path = out / LAST_FILE
    content = _read(path)
    try:
        began = Origin(**json.loads(str(content["origin"])))
        progress = configs.from_plain(Progress, json.loads(str(content["progress"])), "progress")
        state = content["state"]
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise TrainingError(f"{str(path)!r} {_NO_CHECKPOINT}") from error
    difference = began.difference(origin)
    if difference:
        raise TrainingError(
            f"the run in {str(out)!r} was begun with {difference}; go on with what it was begun with, "
            "or train into a new folder"
        )
    if not isinstance(state, dict):
        raise TrainingError(f"{str(path)!r} {_NO_CHECKPOINT}")
    return progress, state


def load_best(out: Path, epoch: int) -> State:
    """Read the weights of the best epoch.

    Raises:
        TrainingError: they are absent or damaged.
    """
    return _read(_best_file(out, epoch))


def _best_file(out: Path, epoch: int) -> Path:
    return out / _BEST_FILES.replace("*", str(epoch))


def _write(path: Path, content: State) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    try:
        publish(path, buffer.getvalue())
    except StoreError as error:
        reason = error.__cause__.strerror if isinstance(error.__cause__, OSError) else str(error)
        raise TrainingError(
            f"cannot write {str(path)!r}: {reason}; what was written before is whole, "
            "make room on the disk and go on with --resume"
        ) from error


def _read(path: Path) -> State:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    # What is no checkpoint at all is read by torch as a pickle, and may fail by any lookup.
    except (OSError, RuntimeError, EOFError, LookupError, ValueError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"the checkpoint {str(path)!r} cannot be read; train into a new folder"
        ) from error
    if not isinstance(content, dict):
        raise TrainingError(f"{str(path)!r} {_NO_CHECKPOINT}")
    return content
