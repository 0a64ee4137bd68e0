"""A running average of a network's weights, which is judged and kept in place of the last weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class RunningAverage:
    """Exponential average of what training changes in `network`: trained parameters, and its buffers.

    Frozen parameters are not held twice. Source: Polyak & Juditsky, 1992; the decay that grows from
    one tenth, so that the random beginning is forgotten, is TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._num_updates = 0
        live: dict[str, Tensor] = {
            name: value for name, value in network.named_parameters() if value.requires_grad
        }
        state = network.state_dict()
        live |= {name: value for name, value in network.named_buffers() if name in state}
        self._names = list(live)
        self._live = [value.detach() for value in live.values()]
        self._averages = [value.clone() for value in self._live]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the network as it now stands; counts (whole numbers) are taken as they are."""
        decay = min(self._decay, (1 + self._num_updates) / (10 + self._num_updates))
        self._num_updates += 1
        pairs = list(zip(self._averages, self._live, strict=True))
        floating = [pair for pair in pairs if pair[0].is_floating_point()]
        if floating:
            averages, live = (list(column) for column in zip(*floating, strict=True))
            torch._foreach_lerp_(averages, live, 1.0 - decay)
        for average, value in pairs:
            if not average.is_floating_point():
                average.copy_(value)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Let the network carry the averages; its own weights are back when the context ends."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        # By value: the optimiser and a network on many processes hold on to the tensors themselves.
        kept = [value.clone() for value in self._live]
        torch._foreach_copy_(self._live, self._averages)
        torch._foreach_copy_(self._averages, kept)

    def state(self) -> dict[str, object]:
        """Give the averages by name (not copied) and how many updates they have seen."""
        return {
            "num_updates": self._num_updates,
            "averages": dict(zip(self._names, self._averages, strict=True)),
        }

    @torch.no_grad()
    def load(self, num_updates: int, averages: Mapping[str, Tensor]) -> None:
        """Go on from a state.

        Raises:
            ValueError: the averages are those of another network.
        """
        if set(averages) != set(self._names):
            raise ValueError("these averages belong to another network")
        self._num_updates = num_updates
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(averages[name])
