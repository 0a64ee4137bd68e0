"""Run the epochs: step by step, judged after each, with a checkpoint often enough."""

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from train import agreement, checkpoint, distributed
from train.batch import Batch
from train.broken import BrokenPhotos
from train.checkpoint import Best, Progress
from train.criterion import Criterion
from train.errors import TrainingError
from train.events import EpochDone, Event, StepDone, Untrained
from train.judge import Judged
from train.log import Log
from train.material import Material
from train.network import EmbeddingNetwork, HeadNetwork
from train.origin import Origin
from train.plan import Plan, Planned
from train.recipe import TrainRecipe
from train.step import NotFiniteError, Step

# Within an epoch a checkpoint is written when this long has passed since the last one: so much a killed run
# does again. One of a large network takes seconds, and all of them no more than this share of the time.
CHECKPOINT_EVERY_S = 60.0
_LARGEST_SHARE = 0.02


@dataclass(frozen=True, eq=False)
class Epochs:
    """The parts of a run that its epochs need; `log` is None in all processes but the first, which writes."""

    recipe: TrainRecipe
    out: Path
    origin: Origin
    source: Material
    network: EmbeddingNetwork | HeadNetwork
    loss: Criterion
    step: Step
    plan: Plan
    broken: BrokenPhotos
    log: Log | None
    judges: bool
    on_event: Callable[[Event], None]

    def run(self, progress: Progress) -> Progress:
        """Go on from `progress` until the last epoch or the end of patience; give where the run then stands.

        Raises:
            TrainingError: the loss is not finite, the photographs do not do, or the disk is full; the last
                checkpoint is whole.
        """
        if self._is_over(progress):
            return progress
        if self.judges and not progress.step:
            self.on_event(Untrained(self._judge()))
        saver = _Saver(self)
        clock = _Clock(progress.seconds)
        with contextlib.closing(self._batches(progress.step)) as batches:
            for place, batch in enumerate(batches):
                if not place:
                    # The processes that make pictures take seconds to start, which no step is slower for.
                    clock.lap()
                progress = self._stepped(batch, progress, clock)
                if progress.step % self.plan.num_steps:
                    saver.save_if_due(progress)
                else:
                    progress = self._judged(progress, clock)
                    saver.save(progress)
                    if self._is_over(progress):
                        break
                # No step is slower for what is written between two of them.
                clock.lap()
        return progress

    def _batches(self, first_step: int) -> Generator[Batch]:
        """Give this process's share of each batch."""
        share = distributed.share(self.plan.batch_size)
        planned = (Planned(epoch, places[share]) for epoch, places in self.plan.from_step(first_step))
        yield from self.source.batches(planned, self.broken)

    def _stepped(self, batch: Batch, progress: Progress, clock: "_Clock") -> Progress:
        rate = self.step.rate
        try:
            loss = self.step.run(batch)
        except NotFiniteError as error:
            raise TrainingError(
                f"{error}; the last checkpoint in {str(self.out)!r} is good, but goes on to the same batch: "
                "train into a new folder with what is changed"
            ) from error
        seconds = clock.lap()
        progress = replace(
            progress,
            step=progress.step + 1,
            loss_sum=progress.loss_sum + loss,
            seconds=clock.total(),
            step_seconds=progress.step_seconds + seconds,
        )
        done = StepDone(progress.step, progress.epoch + 1, loss, rate, self.plan.batch_size / seconds)
        if self.log:
            self.log.add_step(done)
        self.on_event(done)
        return progress

    def _judged(self, progress: Progress, clock: "_Clock") -> Progress:
        """End the epoch: judge the network, and keep its weights where they are the best so far."""
        self.loss.check_pairs()
        epoch, best, judged = progress.epoch + 1, progress.best, None
        with self.step.averaged():
            if self.judges:
                judged = self._judge()
                if judged.is_better_than(best.judged if best else None):
                    best = Best(epoch, judged)
                    if self.log:
                        checkpoint.save_best(self.out, epoch, dict(self.network.state_dict()))
        is_best = best is not None and best.epoch == epoch
        clock.lap()
        done = EpochDone(
            epoch, self.recipe.epochs, progress.step, progress.loss_sum / self.plan.num_steps,
            judged, is_best, clock.total(),
        )  # fmt: skip
        if self.log:
            self.log.add_epoch(done)
        self.on_event(done)
        self.broken.add(agreement.of_all(self.broken.failures))
        return replace(
            progress,
            epoch=epoch,
            loss_sum=0.0,
            best=best,
            waited=0 if is_best else progress.waited + 1,
            failures=self.broken.failures,
            seconds=clock.total(),
        )

    def _judge(self) -> Judged:
        """Judge in the first process; all go by what it found."""
        found = [self.source.judge(self.network)] if self.log else []
        ((judged, failures),) = agreement.of_first(found)
        self.broken.add(failures)
        return judged

    def _is_over(self, progress: Progress) -> bool:
        patience = self.recipe.validation.patience
        is_patience_over = self.judges and patience > 0 and progress.waited >= patience
        return progress.epoch == self.recipe.epochs or is_patience_over


class _Saver:
    """Writes checkpoints in the first process."""

    def __init__(self, epochs: Epochs) -> None:
        self._epochs = epochs
        self._saved = time.monotonic()
        self._wait_s = CHECKPOINT_EVERY_S

    def save(self, progress: Progress) -> None:
        if not self._epochs.log:
            return
        started = time.monotonic()
        progress = replace(progress, failures=self._epochs.broken.failures)
        checkpoint.save(self._epochs.out, self._epochs.origin, progress, self._epochs.step.state())
        if progress.best:
            checkpoint.drop_others(self._epochs.out, progress.best.epoch)
        self._saved = time.monotonic()
        self._wait_s = max(CHECKPOINT_EVERY_S, (self._saved - started) / _LARGEST_SHARE)

    def save_if_due(self, progress: Progress) -> None:
        if time.monotonic() - self._saved >= self._wait_s:
            self.save(progress)


class _Clock:
    """Seconds of a run, and since it was last asked."""

    def __init__(self, before: float) -> None:
        self._began = self._last = time.monotonic()
        self._before = before

    def lap(self) -> float:
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        # The clock may stand still between two steps of a tiny network.
        return max(seconds, 1e-9)

    def total(self) -> float:
        return self._before + self._last - self._began
