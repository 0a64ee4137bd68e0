"""Several processes that train one network as one process would on the joint batch; alone, nothing is done.

Each process embeds its own share of the pictures with the backbone. The pooled vectors of all are then
gathered, and everything behind them (head, memory, miner, loss) is computed by every process on the joint
batch, so that a picture has the whole batch for negatives and a head's batch normalisation sees all of it.

Why the gradients are those of one process: let g_r be the gradient of the joint loss by the backbone's
parameters through the pooled vectors of process r alone; one process would have g = g_1 + ... + g_n. `gather`
hands back n times the gradient of a process's own rows, hence that process finds n * g_r, and the mean over
the processes that `average_gradients` takes is g. Head and class centres see the joint batch in each process,
so that each already has the whole gradient, of which the mean is the same. One rule serves all parameters,
and since all processes then hold the same bits, they never drift apart.
"""

import datetime
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from train.errors import TrainingError

# Few large messages: one a parameter would cost more in waiting than in carrying.
_BUCKET_NUMBERS = 8 * 1024 * 1024
# The others wait while the first judges or describes all photographs; torchrun notices a process that dies.
_LONGEST_WAIT = datetime.timedelta(days=7)


@contextmanager
def joined() -> Iterator[torch.device]:
    """Join the processes that torchrun or accelerate started, and give the device of this one.

    Raises:
        TrainingError: more processes than GPUs were started, or they do not find each other.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or distributed.is_initialized():
        yield torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return
    device = _own_device()
    try:
        backend = "nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=_LONGEST_WAIT)
    except (ValueError, RuntimeError) as error:
        raise TrainingError(
            f"the training processes do not find each other ({error}); start them with "
            "`torchrun --nproc-per-node N -m retrieval.cli train ...`"
        ) from error
    try:
        yield device
    finally:
        distributed.destroy_process_group()


def _own_device() -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    place = int(os.environ.get("LOCAL_RANK", "0"))
    if place >= torch.cuda.device_count():
        raise TrainingError(
            f"this machine has {torch.cuda.device_count()} GPUs, which is fewer than the processes started "
            "on it; give torchrun one process a GPU (--nproc-per-node)"
        )
    device = torch.device("cuda", place)
    torch.cuda.set_device(device)
    return device


def count() -> int:
    """Say how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Give the place of this process among them; 0 writes the files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def share(batch_size: int) -> slice:
    """Say which places of a joint batch this process loads; one after another they give its order.

    Raises:
        TrainingError: the batch cannot be split evenly.
    """
    if batch_size % count():
        raise TrainingError(
            f"a batch must be a multiple of the number of processes, {count()}, got {batch_size} photos; "
            "set batch_size to one that is, and no larger than there are photos"
        )
    rows = batch_size // count()
    return slice(rank() * rows, (rank() + 1) * rows)


def gather(rows: Tensor) -> Tensor:
    """Give the rows (B / n, ...) of all processes in the order of their ranks, (B, ...), with gradient."""
    if count() == 1:
        return rows
    gathered: Tensor = _Gathered.apply(rows)  # type: ignore[no-untyped-call]
    return gathered


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(context: object, rows: Tensor) -> Tensor:
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(count())]
        distributed.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:
        return gradient[share(len(gradient))] * count()


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its mean over the processes."""
    if count() == 1:
        return
    buckets: list[list[Tensor]] = []
    room = 0
    for gradient in (parameter.grad for parameter in parameters):
        if gradient is None:
            continue
        if gradient.numel() > room or gradient.dtype != buckets[-1][0].dtype:
            buckets.append([])
            room = _BUCKET_NUMBERS
        buckets[-1].append(gradient)
        room -= gradient.numel()
    flat = [torch.cat([gradient.reshape(-1) for gradient in bucket]) for bucket in buckets]
    for work in [distributed.all_reduce(numbers, async_op=True) for numbers in flat]:
        work.wait()
    for bucket, numbers in zip(buckets, flat, strict=True):
        means = torch.split(numbers.div_(count()), [gradient.numel() for gradient in bucket])
        for gradient, mean in zip(bucket, means, strict=True):
            gradient.copy_(mean.view(gradient.shape))


@torch.no_grad()
def start_alike(module: nn.Module) -> None:
    """Give every process the parameters and buffers of the first."""
    if count() == 1:
        return
    for value in (*module.parameters(), *module.buffers()):
        sent = value.contiguous()
        distributed.broadcast(sent, src=0)
        value.copy_(sent)


def join_batch_norm(backbone: nn.Module, device: torch.device) -> None:
    """Let normalisations that follow the batch, `backbone` being in training mode, see that of all processes.

    Raises:
        TrainingError: on processors, where torch cannot.
    """
    if count() == 1 or not any(isinstance(part, _BatchNorm) and part.training for part in backbone.modules()):
        return
    if device.type == "cpu":
        raise TrainingError(
            "several processes without a GPU cannot share the statistics of a batch; "
            "set network.batch_norm to 'frozen'"
        )
    from timm.layers.norm_act import convert_sync_batchnorm

    convert_sync_batchnorm(backbone)  # type: ignore[no-untyped-call]
