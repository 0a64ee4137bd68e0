"""The folder of a run: new, or one to go on in, and one process's alone."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from extract import config as configs
from extract.errors import StoreBusyError, StoreError
from extract.lock import WriterLock
from extract.publish import PART_SUFFIX, publish
from train.errors import TrainingError
from train.recipe import TrainRecipe

SETTINGS_FILE = "train.toml"
_LOCK_FILE = "LOCK"


def check(out: Path, *, resume: bool) -> None:
    """Refuse a folder that holds something else, or nothing to go on with.

    A run that ended before its first step, by a mistake in its recipe or data, is in nobody's way.

    Raises:
        TrainingError: the folder is not empty and `resume` is not said, or it is and there is no run in it.
    """
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{str(out)!r} is a file; give a folder for the run")
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    # What a run leaves that was killed before it had written anything.
    held = {name for name in names if name != _LOCK_FILE and not name.endswith(PART_SUFFIX)}
    if resume and SETTINGS_FILE not in held and (held or not out.exists()):
        raise TrainingError(f"{str(out)!r} holds no run to go on with; leave out --resume to begin one there")
    if held - {SETTINGS_FILE} and not resume:
        advice = "go on with the run in it by --resume, or " if SETTINGS_FILE in held else ""
        raise TrainingError(f"the folder {str(out)!r} is not empty; {advice}give a new one")


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Make the folder where it is not there, and keep other processes from it.

    Raises:
        TrainingError: another process trains into it, or it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
            stack.enter_context(WriterLock(out / _LOCK_FILE))
        except OSError as error:
            raise TrainingError(f"cannot make the folder {str(out)!r}: {error.strerror}") from error
        except StoreBusyError as error:
            raise TrainingError(
                f"another training writes to {str(out)!r}; wait for it, or give a new folder"
            ) from error
        yield


def write_settings(out: Path, recipe: TrainRecipe) -> None:
    """Write the recipe as it is run, so that `--resume` need not be told it again.

    Raises:
        TrainingError: the disk is full or failing.
    """
    try:
        publish(out / SETTINGS_FILE, configs.to_toml(recipe.to_plain()).encode())
    except StoreError as error:
        raise TrainingError(f"cannot begin a run in {str(out)!r}: {error.__cause__}") from error
