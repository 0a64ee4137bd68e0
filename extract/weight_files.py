"""State dicts from safetensors and PyTorch files, without running code from them."""

import hashlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from extract.errors import WeightsError

if TYPE_CHECKING:
    import torch

# Names under which training programs keep the state dict inside what they save.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "teacher", "extractor")


def sha256_of(path: Path) -> str:
    """Hash a file's content.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read {str(path)!r}: {error.strerror}") from error


def check(path: Path, sha256: str) -> None:
    """Refuse a file that is not the one that a recipe names.

    Raises:
        WeightsError: it cannot be read, or its content has another hash.
    """
    if sha256_of(path) != sha256:
        raise WeightsError(f"{str(path)!r} is not the file that the recipe names (its sha256 differs)")


def read_state(path: Path) -> "dict[str, torch.Tensor]":
    """Read a state dict from a `.safetensors` file or one that `torch.save` wrote.

    Raises:
        WeightsError: the file is damaged, or holds anything but tensors and plain containers.
    """
    import torch

    try:
        if _is_safetensors(path):
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{str(path)!r} is damaged or holds more than tensors, so it was not loaded; "
            "save the state dict alone"
        ) from error
    except Exception as error:  # two libraries, each with errors of many types for a bad file
        raise WeightsError(f"{str(path)!r} is not a file of weights: {first_line(error)}") from error
    for wrapper in _WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise WeightsError(f"{str(path)!r} holds no state dict (a mapping of names to tensors)")
    return {name.removeprefix("module."): value for name, value in state.items()}


def _is_safetensors(path: Path) -> bool:
    # By content: a store keeps files under their hash, without a suffix. Eight bytes of length, then JSON.
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def first_line(error: Exception) -> str:
    """Give the first line of what another library says, or the name of its error."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
