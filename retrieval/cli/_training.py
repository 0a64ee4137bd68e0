"""Show how far a training is, on stderr: a bar on a terminal, single lines elsewhere, a line an epoch."""

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tqdm import tqdm

    from evaluate.figures import Figure
    from train.events import Begun, Describing, EpochDone, Event, StepDone
    from train.judge import Judged

_PLAIN_EVERY_S = 10.0


class TrainingDisplay:
    """Call it with each event; `close` takes the bar away."""

    def __init__(self) -> None:
        self._shows_bar = sys.stderr.isatty()
        self._bar: tqdm[None] | None = None
        self._total = self._described = 0
        self._last = time.monotonic()
        self._untrained: Judged | None = None
        self._best: Judged | None = None

    def __call__(self, event: "Event") -> None:
        """Show the event."""
        from train import events

        match event:
            case events.Describing():
                self._begin_describing(event)
            case events.Described():
                self._described += 1
                self._step(f"describing: {self._described} of {self._total} photos")
            case events.Begun():
                self._begin(event)
            case events.Untrained():
                self._untrained = event.judged
                self._say(f"before training: {event.judged.metric} {figure_text(event.judged.figure)}")
            case events.StepDone():
                self._show_step(event)
            case events.EpochDone():
                self._show_epoch(event)
            case events.Remark():
                self._say(event.sentence)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    def _begin_describing(self, event: "Describing") -> None:
        self._total = event.photos
        if event.photos:
            self._open("describing", event.photos, 0, " photos")

    def _begin(self, event: "Begun") -> None:
        self.close()
        self._total = event.total_steps
        held_back = f", {event.held_back} photos are held back" if event.held_back else ""
        self._say(f"training on {event.photos} photos of {event.classes} classes{held_back}")
        if event.step:
            self._say(f"going on behind step {event.step} of {event.total_steps}")
        self._open("training", event.total_steps, event.step, " steps")

    def _show_step(self, event: "StepDone") -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {event.loss:.3f}, {event.images_per_second:.0f} photos/s")
        self._step(
            f"step {event.step} of {self._total}: loss {event.loss:.4g}, "
            f"{event.images_per_second:.1f} photos a second"
        )

    def _show_epoch(self, event: "EpochDone") -> None:
        self._say(_epoch_line(event))
        if event.is_best:
            self._best = event.judged
        is_last = event.epoch == event.epochs
        if is_last and self._untrained and self._best and not self._best.is_better_than(self._untrained):
            self._say(
                "no epoch was better than the network before training; it may know these places already, or "
                "need more photos or a lower optimiser.rate"
            )

    def _open(self, what: str, total: int, done: int, unit: str) -> None:
        if not self._shows_bar:
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=total, initial=done, desc=what, unit=unit, file=sys.stderr, dynamic_ncols=True, leave=False
        )

    def _step(self, line: str) -> None:
        if self._bar is not None:
            self._bar.update()
        elif time.monotonic() - self._last >= _PLAIN_EVERY_S:
            self._last = time.monotonic()
            click.echo(line, err=True)

    def _say(self, line: str) -> None:
        if self._bar is None:
            click.echo(line, err=True)
        else:
            self._bar.write(line, file=sys.stderr)


def figure_text(figure: "Figure") -> str:
    """Give a figure with its interval and how many asked."""
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}] over {figure.queries} queries"


def _epoch_line(event: "EpochDone") -> str:
    line = f"epoch {event.epoch} of {event.epochs}: loss {event.loss:.4g}"
    if event.judged:
        line += f", {event.judged.metric} {figure_text(event.judged.figure)}"
        line += ", the best so far" if event.is_best else ""
    return line
