"""Write a safetensors file whole: what is fitted on photographs is kept so."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extract.errors import WeightsError


def write(path: Path, tensors: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str]) -> None:
    """Save `tensors` with texts beside them; an older file stays until the new one is whole.

    Raises:
        WeightsError: the file cannot be written.
    """
    from safetensors.numpy import save

    # safetensors writes memory as it lies: columns in place of rows would be read back as rows.
    rows = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    content = save(rows, metadata=dict(metadata))
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        raise WeightsError(f"cannot write {str(path)!r}: {error.strerror}") from error
