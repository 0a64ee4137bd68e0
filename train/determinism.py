"""Same seed, same weights, to the last bit: what torch needs to be told for that."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic as memory


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Let torch take only algorithms that repeat their bits; what was set before is back afterwards.

    On a processor an operation without such an algorithm raises, and runs repeat for one number of threads
    (another one adds in another order). On a GPU such an operation only warns, for some networks have no
    other (the resized positions of a vision transformer), and runs repeat on GPUs of one kind. Nothing
    here fixes seeds: a step does, from the recipe's.
    """
    enabled = torch.are_deterministic_algorithms_enabled()
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = memory.fill_uninitialized_memory  # type: ignore[attr-defined]
    benchmark = torch.backends.cudnn.benchmark
    # cuBLAS reads it when its first handle is made.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    # Only a program that reads memory before it writes it needs this, and it writes everything twice.
    memory.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warns_only)
        memory.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = benchmark
