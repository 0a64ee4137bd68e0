"""Heads: small trained networks that take a pooled vector to the one that a descriptor keeps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from extract import config as configs
from extract import tensor_file
from extract.errors import ConfigError, WeightsError

if TYPE_CHECKING:
    import torch

Kind = Literal["none", "linear", "mlp", "three-linear"]

_NOTE = "head"
# Hidden layers of `three-linear`.
_WIDE, _NARROW = 512, 256


@dataclass(frozen=True)
class _Note:
    """What a file holds; `provenance` is for people."""

    kind: Literal["linear", "mlp", "three-linear"]
    input_dim: int
    dim: int
    provenance: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Head:
    """A head ready for inference, and the length of what it gives."""

    module: "torch.nn.Module"
    dim: int


def build(kind: Kind, input_dim: int, dim: int, dropout: float) -> "torch.nn.Module":
    """Give a head with random weights from vectors (B, input_dim) to (B, dim); `none` changes nothing.

    Source: `mlp` the embedding study, `three-linear` the one-shot study.
    """
    from torch import nn

    if kind == "none":
        return nn.Identity()
    if kind == "linear":
        return nn.Sequential(nn.Linear(input_dim, dim))
    if kind == "mlp":
        return nn.Sequential(
            nn.Linear(input_dim, 2 * dim),
            nn.BatchNorm1d(2 * dim),
            nn.Dropout(dropout),
            nn.ReLU(),
            nn.Linear(2 * dim, dim),
        )
    return nn.Sequential(
        nn.Linear(input_dim, _WIDE),
        nn.ReLU(),
        nn.Linear(_WIDE, _NARROW),
        nn.ReLU(),
        nn.Linear(_NARROW, dim),
    )


def write(path: Path, kind: Kind, head: "torch.nn.Module", provenance: Mapping[str, str]) -> None:
    """Save a head that `build` gave, of a kind other than `none`, replaced whole.

    Raises:
        WeightsError: the file cannot be written.
        ValueError: the kind is `none`.
    """
    from torch import nn

    if kind == "none":
        raise ValueError("there is nothing to write of the head 'none'")
    layers = [layer for layer in head.modules() if isinstance(layer, nn.Linear)]
    note = _Note(kind, layers[0].in_features, layers[-1].out_features, provenance)
    tensors = {name: value.detach().cpu().numpy() for name, value in head.state_dict().items()}
    tensor_file.write(path, tensors, {_NOTE: json.dumps(configs.to_plain(note), sort_keys=True)})


def read(path: Path, input_dim: int) -> Head:
    """Load a head for vectors of length `input_dim`, in eval mode.

    Raises:
        WeightsError: the file is absent, is no head or holds NaN.
        ConfigError: it takes vectors of another length.
    """
    tensors, text = tensor_file.read_noted(path, _NOTE, "head")
    try:
        note = configs.from_plain(_Note, json.loads(text), "its note")
        module = _filled(note, tensors)
    except (ValueError, TypeError, RuntimeError, ConfigError) as error:
        raise WeightsError(
            f"{str(path)!r} is no head (its tensors or its note are not those of one); "
            "`retrieve train` writes one"
        ) from error
    if note.input_dim != input_dim:
        raise ConfigError(
            f"the head {str(path)!r} takes vectors of {note.input_dim} numbers, the network gives "
            f"{input_dim}; take the network that it was trained with, or no head with --set global.head="
        )
    return Head(module, note.dim)


def _filled(note: _Note, tensors: "Mapping[str, torch.Tensor]") -> "torch.nn.Module":
    import torch

    # A network without memory of its own: what a note says may be of any size.
    with torch.device("meta"):
        module = build(note.kind, note.input_dim, note.dim, 0.0)
    values = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    module.load_state_dict(values, assign=True)
    return module.eval()
