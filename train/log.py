"""Write what a run measures: log.csv a step, metrics.csv an epoch, and TensorBoard's events of both."""

import contextlib
import csv
import importlib.util
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from extract.publish import publish
from train.errors import TrainingError
from train.events import EpochDone, StepDone

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

STEPS_FILE, EPOCHS_FILE, EVENTS_FOLDER = "log.csv", "metrics.csv", "tensorboard"
STEP_COLUMNS = ("step", "epoch", "loss", "rate", "images_per_second")
EPOCH_COLUMNS = (
    "epoch", "step", "loss", "metric", "value", "low", "high", "queries", "best", "seconds",
)  # fmt: skip


def has_tensorboard() -> bool:
    """Say whether the package that writes TensorBoard's events is installed."""
    return importlib.util.find_spec("tensorboard") is not None


class Log:
    """The log of the run in the folder `out`, which goes on behind step `step` of epoch `epoch`.

    Rows that a killed run wrote after its checkpoint are taken out, since those steps are done again.

    Raises (everywhere):
        TrainingError: a file cannot be written.
    """

    def __init__(self, out: Path, *, step: int = 0, epoch: int = 0) -> None:
        with _told(out):
            self._steps = _opened(out / STEPS_FILE, STEP_COLUMNS, step)
            self._epochs = _opened(out / EPOCHS_FILE, EPOCH_COLUMNS, epoch)
            self._events = _events(out / EVENTS_FOLDER, step) if has_tensorboard() else None
        self._out = out

    def add_step(self, done: StepDone) -> None:
        """Append a row to log.csv."""
        row = (done.step, done.epoch, done.loss, f"{done.rate:.6g}", f"{done.images_per_second:.1f}")
        with _told(self._out):
            _append(self._steps, row)
            if self._events:
                for name in ("loss", "rate", "images_per_second"):
                    self._events.add_scalar(f"train/{name}", getattr(done, name), done.step)

    def add_epoch(self, done: EpochDone) -> None:
        """Append a row to metrics.csv; without validation its figure is empty."""
        judged = done.judged
        figure = judged.figure if judged else None
        row = (
            done.epoch, done.step, done.loss, judged.metric if judged else "",
            *((figure.value, figure.low, figure.high, figure.queries) if figure else ("", "", "", "")),
            int(done.is_best), f"{done.seconds:.1f}",
        )  # fmt: skip
        with _told(self._out):
            _append(self._epochs, row)
            if self._events and judged:
                for name in ("value", "low", "high"):
                    self._events.add_scalar(
                        f"validation/{judged.metric} {name}", getattr(judged.figure, name), done.step
                    )

    def close(self) -> None:
        """Write out what is held back."""
        with _told(self._out):
            self._steps.close()
            self._epochs.close()
            if self._events:
                self._events.close()


def read(file: Path) -> list[dict[str, str]]:
    """Read the rows of log.csv or metrics.csv."""
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def _opened(path: Path, columns: tuple[str, ...], last: int) -> TextIO:
    """Keep the rows up to number `last`, their first column, and open the file to append to it."""
    rows = read(path) if path.exists() else []
    content = io.StringIO(newline="")
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [row[column] for column in columns]
        for row in rows
        # A process that was killed in the midst of a row leaves less than all of it.
        if None not in row.values() and int(row[columns[0]]) <= last
    )
    publish(path, content.getvalue().encode())
    return path.open("a", newline="", encoding="utf-8")


def _append(file: TextIO, row: tuple[object, ...]) -> None:
    csv.writer(file, lineterminator="\n").writerow(row)
    file.flush()


def _events(folder: Path, step: int) -> "SummaryWriter":
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step + 1)


@contextlib.contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"cannot write the log in {str(out)!r}: {error.strerror}; the last checkpoint is whole, "
            "mend the disk and go on with --resume"
        ) from error
