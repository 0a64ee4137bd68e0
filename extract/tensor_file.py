"""Files of tensors with texts beside them: what is fitted or trained on photographs is kept so."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extract.errors import StoreError, WeightsError
from extract.publish import publish
from extract.weight_files import first_line

if TYPE_CHECKING:
    import torch


def write(path: Path, tensors: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str]) -> None:
    """Save `tensors` with texts beside them; an older file stays until the new one is whole.

    Raises:
        WeightsError: the file cannot be written.
    """
    from safetensors.numpy import save

    # safetensors writes memory as it lies: columns in place of rows would be read back as rows.
    rows = {name: np.asarray(values, order="C") for name, values in tensors.items()}
    try:
        publish(path, save(rows, metadata=dict(metadata)))
    except StoreError as error:
        reason = getattr(error.__cause__, "strerror", error)
        raise WeightsError(f"cannot write {str(path)!r}: {reason}") from error


def read_noted(path: Path, note: str, noun: str) -> "tuple[dict[str, torch.Tensor], str]":
    """Read every tensor and the text `note` of a file of `retrieve train`; `noun` names it in a sentence.

    Raises:
        WeightsError: the file is absent, carries no such note, or holds NaN or infinity.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(note)
            if text is None:
                raise ValueError("it carries no note that says so")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(
            f"{str(path)!r} is no {noun} ({first_line(error)}); `retrieve train` writes one"
        ) from error
    spoiled = [name for name, value in tensors.items() if not value.isfinite().all()]
    if spoiled:
        raise WeightsError(f"{str(path)!r} holds NaN or infinity (e.g. in {spoiled[0]!r})")
    return tensors, text
