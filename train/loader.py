"""Batches of training pictures, made ahead of the training step by processes of their own."""

from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from extract.describe import num_cores
from extract.weight_files import first_line
from train.batch import Batch
from train.broken import BrokenPhotos
from train.errors import TrainingError
from train.photo_dataset import Item, PhotoDataset
from train.plan import Planned

# More make no training step wait: one core makes some 200 pictures of 288 px a second.
_MAX_WORKERS = 12
_NOTHING = np.zeros((1, 1, 3), np.uint8)


class _Collated(NamedTuple):
    """A batch on its way between processes, with the rows of its photographs."""

    pictures: torch.Tensor
    rows: NDArray[np.int64]
    failures: tuple[tuple[str, str], ...]
    lost_row: int


def default_workers(device: torch.device) -> int:
    """Count the processes that make pictures: one where the processor trains too, else one a core but one."""
    return 1 if device.type == "cpu" else max(1, min(_MAX_WORKERS, num_cores() - 1))


def batches(
    dataset: PhotoDataset, plan: Iterable[Planned], broken: BrokenPhotos, *, workers: int
) -> Iterator[Batch]:
    """Give the batches of `plan` in its order; `workers` 0 makes them in this process.

    What is in a batch depends on neither `workers` nor where the plan begins. Photographs that cannot be
    read are noted in `broken`, and others of their class stand in for them.

    Raises:
        TrainingError: no photograph of a class can be read, or less than half of all, or a process has died.
    """
    loader: DataLoader[Item] = DataLoader(
        dataset,  # type: ignore[arg-type]
        batch_sampler=_Keys(plan),
        num_workers=workers,
        collate_fn=_collated,
        worker_init_fn=_one_thread,
        multiprocessing_context=fork_server() if workers else None,
        # Else it takes its seed from torch's global state, and what follows would depend on the loader.
        generator=torch.Generator(),
    )
    labels = torch.from_numpy(dataset.labels)
    for made in _received(loader):
        broken.add(made.failures)
        if made.lost_row >= 0:
            broken.refuse_class(dataset.class_names[dataset.labels[made.lost_row]])
        yield Batch(made.pictures, labels[made.rows], tuple(dataset.ids[row] for row in made.rows))


def _received(loader: DataLoader[Item]) -> Iterator[_Collated]:
    try:
        yield from loader
    except RuntimeError as error:
        # torch has no type of its own for it.
        if not str(error).startswith("DataLoader worker"):
            raise
        raise TrainingError(
            f"a process that makes pictures has died ({first_line(error)}), maybe for want of memory; "
            "free some and go on with --resume"
        ) from error


def fork_server() -> ForkServerContext:
    """Give the context in which processes are forked from one that has imported what they need, no more.

    Forked from this one they would inherit locks of OpenMP and OpenCV that nobody gives back; started
    afresh each would take seconds to import torch.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


class _Keys:
    """The keys of each batch's pictures, drawn from the plan as they are asked for."""

    def __init__(self, plan: Iterable[Planned]) -> None:
        self._plan = plan

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for epoch, places in self._plan:
            yield [(epoch, place) for place in places.tolist()]


def _collated(items: list[Item]) -> _Collated:
    failures = tuple(failure for item in items for failure in item.failures)
    lost = next((item.row for item in items if item.picture is None), -1)
    pictures = np.stack([item.picture for item in items if item.picture is not None] or [_NOTHING])
    rows = np.array([item.row for item in items], np.int64)
    return _Collated(torch.from_numpy(pictures).permute(0, 3, 1, 2), rows, failures, lost)


def _one_thread(worker: int) -> None:
    """Leave the other cores to the other processes; torch does so for itself."""
    cv2.setNumThreads(1)
