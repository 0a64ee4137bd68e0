"""Train a network by a recipe, from photographs to a folder whose recipe describes photographs with it."""

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch

from evaluate import metrics
from extract import timm_backbone, weight_files
from extract.allocator import keep_freed_memory
from extract.config import FileRef
from extract.photos import Photos
from train import agreement, checkpoint, criterion, distributed, log, material, result, run_folder
from train import split as splits
from train.broken import BrokenPhotos
from train.checkpoint import Best, Progress
from train.determinism import deterministic
from train.epochs import Epochs
from train.events import Begun, Event, Remark
from train.log import Log
from train.material import Material
from train.network import EmbeddingNetwork, HeadNetwork
from train.origin import Origin
from train.plan import Plan
from train.recipe import TrainRecipe, found
from train.split import Split
from train.step import Step


@dataclass(frozen=True)
class Result:
    """What a run came to; `best` is None where nothing was held back.

    `seconds` and `images_per_second` (of the steps alone) count what runs that were stopped before did too.
    """

    recipe_file: Path
    best: Best | None
    epochs_run: int
    seconds: float
    images_per_second: float
    failures: tuple[tuple[str, str], ...]


def fit(
    recipe: TrainRecipe,
    photos: Photos,
    out: Path,
    *,
    resume: bool = False,
    given: Path | None = None,
    workers: int | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Result:
    """Train by `recipe` on `photos`, with labels unless it says that it needs none, into the folder `out`.

    With `resume` a run that was stopped goes on, to the same bits that it would have come to; one that is
    finished is only told of. `given` is the store that the photographs were read from. `workers` processes
    make the pictures (0: this one, None: as many as suit). Of several processes (`train.distributed`) each
    calls this, and the first one alone writes and tells.

    Raises:
        TrainingError: `out` does not suit, the run was begun with something else, it cannot go on (the
            last checkpoint is kept), or the disk is full.
        RetrieveError: the recipe, its weights or the data do not suit.
        EvaluationError: the metric is unknown.
    """
    result.check(recipe)
    metrics.parse(recipe.validation.metric)
    with ExitStack() as stack:
        device = stack.enter_context(distributed.joined())
        stack.enter_context(deterministic(device))
        if device.type == "cpu":
            # A step of the default recipe took 2.1 s without and 1.5 s with it (two cores, a batch of 32).
            keep_freed_memory()
        is_first = distributed.rank() == 0
        if is_first:
            run_folder.check(out, resume=resume)
            stack.enter_context(run_folder.held(out))
        told = on_event if is_first else lambda event: None
        run = _Run(_resolved(recipe), photos, out, device, is_first, told)
        return run.go(resume=resume, given=given, workers=workers)


@dataclass(frozen=True, eq=False)
class _Run:
    """What the stages of a run share."""

    recipe: TrainRecipe
    photos: Photos
    out: Path
    device: torch.device
    is_first: bool
    on_event: Callable[[Event], None]

    def go(self, *, resume: bool, given: Path | None, workers: int | None) -> Result:
        split = self._split()
        plan = Plan(self.recipe, split.labels)
        origin = Origin.of(self.recipe, self.photos)
        progress, state = Progress(), None
        if agreement.of_first(resume and checkpoint.exists(self.out)):
            progress, state = checkpoint.load(self.out, origin)
        if progress.is_finished:
            self.on_event(Remark(f"the run in {str(self.out)!r} is finished; nothing is left to do"))
            return self._result(progress, plan)
        if self.is_first:
            result.keep_whitening(self.out, self.recipe)
            run_folder.write_settings(self.out, self.recipe)
        source = material.prepare(
            self.recipe, split, self.out, self.device, given=given, workers=workers, on_event=self.on_event
        )
        network = source.network()
        progress = self._epochs(source, split, plan, network, origin, progress, state)
        if self.is_first:
            self._write(network, origin, progress)
        agreement.wait()
        return self._result(progress, plan)

    def _split(self) -> Split:
        settings = self.recipe.validation
        split = splits.hold_back(self.photos, settings.share, self.recipe.seed, labels=self.recipe.labels)
        if not material.can_judge(split.validation):
            self.on_event(Remark("no class is held back to judge by; what comes out is the last epoch"))
            split = dataclasses.replace(split, validation=split.validation.select([]))
        return split

    def _epochs(
        self,
        source: Material,
        split: Split,
        plan: Plan,
        network: EmbeddingNetwork | HeadNetwork,
        origin: Origin,
        progress: Progress,
        state: checkpoint.State | None,
    ) -> Progress:
        """Train until the last epoch or the end of patience, and leave in `network` what comes out."""
        loss = criterion.build(self.recipe, len(split.classes), network.dim, split.class_sizes)
        total_steps = plan.num_steps * self.recipe.epochs
        step = Step(network, loss, self.recipe, total_steps, plan.num_steps, self.device)
        if state is not None:
            step.load(state)
        elif self.is_first:
            # From here on there is always one to go back to.
            checkpoint.save(self.out, origin, progress, step.state())
        counts = len(split.train), len(split.classes), len(split.validation)
        self.on_event(Begun(progress.step, total_steps, *counts))
        with ExitStack() as stack:
            kept = None
            if self.is_first:
                kept = Log(self.out, step=progress.step, epoch=progress.epoch)
                stack.callback(kept.close)
                if not log.has_tensorboard():
                    self.on_event(Remark("no TensorBoard events are written; pip install tensorboard"))
            broken = BrokenPhotos(len(split.train) + len(split.validation), progress.failures)
            epochs = Epochs(
                recipe=self.recipe, out=self.out, origin=origin, source=source, network=network, loss=loss,
                step=step, plan=plan, broken=broken, log=kept,
                judges=len(split.validation) > 0, on_event=self.on_event,
            )  # fmt: skip
            progress = epochs.run(progress)
        if progress.best:
            network.load_state_dict(checkpoint.load_best(self.out, progress.best.epoch))
        else:
            with step.averaged():
                averaged = {name: value.clone() for name, value in network.state_dict().items()}
            network.load_state_dict(averaged)
        return progress

    def _write(self, network: EmbeddingNetwork | HeadNetwork, origin: Origin, progress: Progress) -> None:
        settings = self.recipe.network
        if isinstance(network, EmbeddingNetwork):
            backbone = network.backbone
        else:
            backbone = timm_backbone.trainable(settings.backbone, settings.weights).module
        epoch = progress.best.epoch if progress.best else progress.epoch
        provenance = {"training recipe": self.recipe.digest, "photographs": origin.data, "epoch": str(epoch)}
        result.write(self.out, self.recipe, backbone.get_submodule("model"), network.head, provenance)
        checkpoint.mark_finished(self.out, origin)

    def _result(self, progress: Progress, plan: Plan) -> Result:
        images = progress.step * plan.batch_size
        return Result(
            recipe_file=self.out / result.RECIPE_FILE,
            best=progress.best,
            epochs_run=progress.epoch,
            seconds=progress.seconds,
            images_per_second=images / progress.step_seconds if progress.step_seconds else 0.0,
            failures=progress.failures,
        )


def _resolved(recipe: TrainRecipe) -> TrainRecipe:
    """Name first weights and whitening by their content, which is what a run goes on with."""
    network = recipe.network
    if network.whitening.path:
        path = network.whitening.path
        whitening = FileRef(path, weight_files.sha256_of(Path(path)))
        network = dataclasses.replace(network, whitening=whitening)
    if network.pretrained:
        weights = timm_backbone.resolve_weights(network.backbone, network.weights)
        network = dataclasses.replace(network, weights=weights)
    return dataclasses.replace(recipe, network=found(network, Path.cwd()))
