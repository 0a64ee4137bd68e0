"""Tuned layers: the tensors of a network that a training changed, apart from the weights it began with.

A training of the last stages leaves most of a network as it was. What it changed, in half precision, is a few
megabytes that can be packaged beside weights that come from elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from extract import config as configs
from extract import tensor_file, weight_files
from extract.config import FileRef
from extract.errors import ConfigError, WeightsError

if TYPE_CHECKING:
    import torch

_NOTE = "tuned-layers"
_NOUN = "file of tuned layers"
_SHOWN_HASH = 12


@dataclass(frozen=True)
class _Note:
    """The sha256 of the weights that the layers belong to; `provenance` is for people."""

    base_sha256: str
    provenance: Mapping[str, str] = field(default_factory=dict)


def difference(
    base: "Mapping[str, torch.Tensor]", tuned: "Mapping[str, torch.Tensor]"
) -> "dict[str, torch.Tensor]":
    """Give the tensors of the state dict `tuned` that are not bit for bit those of `base`.

    Counters, of which inference knows nothing, are left out.

    Raises:
        ValueError: the two are not of one network.
    """
    if {name: value.shape for name, value in base.items()} != {
        name: value.shape for name, value in tuned.items()
    }:
        raise ValueError("the states are of two networks: their names or shapes differ")
    return {
        name: value
        for name, value in tuned.items()
        if value.is_floating_point() and not value.equal(base[name].to(value))
    }


def write(
    path: Path, changed: "Mapping[str, torch.Tensor]", base_sha256: str, provenance: Mapping[str, str]
) -> None:
    """Save what `difference` gave: halves, or float32 where a tensor is beyond their range.

    Raises:
        WeightsError: the file cannot be written.
    """
    tensors = {name: _halved(value.detach().cpu()).numpy() for name, value in changed.items()}
    note = configs.to_plain(_Note(base_sha256, provenance))
    tensor_file.write(path, tensors, {_NOTE: json.dumps(note, sort_keys=True)})


def read(path: Path, base_sha256: str) -> "dict[str, torch.Tensor]":
    """Read layers that belong to the weights `base_sha256`, as float32.

    Raises:
        WeightsError: the file is absent, is none of tuned layers, holds NaN or belongs to other weights.
    """
    tensors, text = tensor_file.read_noted(path, _NOTE, _NOUN)
    try:
        note = configs.from_plain(_Note, json.loads(text), "its note")
    except (ValueError, TypeError, ConfigError) as error:
        raise WeightsError(
            f"{str(path)!r} is no {_NOUN} (its note does not say whose); `retrieve train` writes one"
        ) from error
    if note.base_sha256 != base_sha256:
        raise WeightsError(
            f"the tuned layers {str(path)!r} belong to the weights {note.base_sha256[:_SHOWN_HASH]}, the "
            f"recipe has {base_sha256[:_SHOWN_HASH]}; take those with --weights, or no tuned layers with "
            "--set global.tuned="
        )
    return {name: value.float() for name, value in tensors.items()}


def apply(model: "torch.nn.Module", backbone: str, tuned: FileRef, base_sha256: str) -> None:
    """Put tuned layers into timm's model `backbone`, which has the weights `base_sha256`.

    Raises:
        WeightsError: the file is altered since it was resolved, does not fit, or is refused by `read`.
    """
    path = Path(tuned.path)
    weight_files.check(path, tuned.sha256)
    layers, own = read(path, base_sha256), model.state_dict()
    strange = [name for name, value in layers.items() if name not in own or own[name].shape != value.shape]
    if strange:
        raise WeightsError(
            f"{str(path)!r} does not fit {backbone}: {len(strange)} of its tensors are unknown or have "
            f"another shape (e.g. {strange[0]!r})"
        )
    model.load_state_dict(layers, strict=False)


def _halved(value: "torch.Tensor") -> "torch.Tensor":
    half = value.half()
    return half if half.isfinite().all() else value.float()
