"""Let the processes of a run know the same: what one of them decided, and what each of them met."""

import os
from typing import TypeVar

from torch import distributed as torch_distributed

from train import distributed

Value = TypeVar("Value")


def of_first(value: Value) -> Value:
    """Give every process the value of the first one."""
    if distributed.count() == 1:
        return value
    box = [value]
    torch_distributed.broadcast_object_list(box, src=0)
    return box[0]


def of_all(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Give every process the values of all, by rank."""
    if distributed.count() == 1:
        return values
    boxes: list[tuple[Value, ...]] = [()] * distributed.count()
    torch_distributed.all_gather_object(boxes, values)
    return tuple(value for box in boxes for value in box)


def wait() -> None:
    """Go on when all processes have come here."""
    of_first(None)


def is_first() -> bool:
    """Say whether this process is the first, also before they have joined and after they have parted."""
    # torchrun and accelerate both name a process so.
    return int(os.environ.get("RANK", "0")) == 0
