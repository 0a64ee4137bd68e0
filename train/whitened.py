"""A whitening as the last layer of a network: what is trained is compared as it will be searched."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from extract import weight_files
from extract.config import FileRef
from extract.whitening import Whitening


class Whitened(nn.Module):
    """Bring pooled vectors (B, D) to length one and project them to (B, `dim`); nothing here is trained."""

    _mean: Tensor
    _projection: Tensor

    def __init__(self, whitening: Whitening) -> None:
        super().__init__()
        self.dim = whitening.dim
        # The file says what they are: no part of the state.
        for name, values in (("_mean", whitening.mean), ("_projection", whitening.projection)):
            self.register_buffer(name, torch.from_numpy(values), persistent=False)

    @classmethod
    def read(cls, file: FileRef, input_dim: int) -> "Whitened":
        """Load a whitening for vectors of length `input_dim`.

        Raises:
            WeightsError: the file is absent, altered since it was resolved, or no whitening.
            ConfigError: it was fitted on vectors of another length.
        """
        path = Path(file.path)
        if file.sha256:
            weight_files.check(path, file.sha256)
        return cls(Whitening.read(path, input_dim))

    def forward(self, pooled: Tensor) -> Tensor:
        """Whiten pooled vectors (B, D) to (B, dim), not normalised."""
        return (functional.normalize(pooled) - self._mean) @ self._projection
