"""One step of training: a batch, its loss, the gradients, and weights that are a little better."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from train import agreement, distributed, optimiser, schedule
from train.average import RunningAverage
from train.errors import TrainingError
from train.first_network import FirstNetwork
from train.network import EmbeddingNetwork, HeadNetwork
from train.recipe import TrainRecipe

if TYPE_CHECKING:
    from train.batch import Batch

_SHOWN_IDS = 5
# Places of random numbers within a step; the parts of a batch are numbered from 2 on.
_HEAD, _MINER, _FIRST_PART = 0, 1, 2


class NotFiniteError(TrainingError):
    """The loss or its gradient is NaN or infinite; no weight has changed."""


class Step:
    """A run's steps one after another.

    Random numbers come from (seed, step, place in the step) alone, so that a run that goes on from `state`
    equals an undisturbed one. A batch passes the backbone in `optimiser.accumulate` parts: first without
    graph; then head and loss see it whole, as do head and loss of several processes the joint batch; and
    the gradient that arrives at the pooled vectors goes back through each part, which is computed again with
    the same random numbers. Source: Gao et al., Scaling Deep Contrastive Learning Batch Size under Memory
    Limited Setup, RepL4NLP 2021, cut between pooling and head, so that a head's batch normalisation is exact
    too. One of the backbone that follows the batch sees a part.
    """

    def __init__(
        self,
        network: EmbeddingNetwork | HeadNetwork,
        criterion: nn.Module,
        recipe: TrainRecipe,
        total_steps: int,
        steps_per_epoch: int,
        device: torch.device,
    ) -> None:
        self._network, self._criterion = network.to(device).train(), criterion.to(device).train()
        self._recipe = recipe
        self._total_steps, self._steps_per_epoch = total_steps, steps_per_epoch
        self._device = device
        if isinstance(network, EmbeddingNetwork):
            distributed.join_batch_norm(network.backbone, device)
        distributed.start_alike(network)
        distributed.start_alike(criterion)
        distill = recipe.network.distill
        self._first = FirstNetwork(network, distill) if distill else None
        self._optimiser = optimiser.build(network, criterion, recipe.optimiser)
        self._parameters = [
            parameter for group in self._optimiser.param_groups for parameter in group["params"]
        ]
        self._average = RunningAverage(network, recipe.optimiser.ema) if recipe.optimiser.ema else None
        self.num_done = 0

    def run(self, batch: "Batch") -> float:
        """Change the weights for the better on `batch`, this process's share of it, and give its loss.

        Raises:
            NotFiniteError: the loss or the gradient is not a number; weights are as they were.
            ValueError: the run is over.
        """
        settings, factor = self._recipe.optimiser, self._factor()
        if not self._network.training:
            self._network.train()
        self._optimiser.zero_grad(set_to_none=True)
        parts = batch.inputs.to(self._device, non_blocking=True).chunk(settings.accumulate)
        labels = distributed.gather(batch.labels.to(self._device, non_blocking=True))
        first = self._first_pooled(parts)
        if len(parts) == 1:
            loss = self._loss(self._pooled(parts[0], 0), first, labels)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            loss = self._loss_in_parts(parts, first, labels)
        distributed.average_gradients(self._parameters)
        norm = nn.utils.clip_grad_norm_(self._parameters, settings.clip_norm or math.inf)
        # Both at once: each would have the processor wait for an accelerator.
        value, norm_value = torch.stack((loss.detach().double(), norm.double())).tolist()
        if not math.isfinite(value) or not math.isfinite(norm_value):
            raise NotFiniteError(self._sentence(value, agreement.of_all(batch.ids)))
        optimiser.set_rates(self._optimiser, factor)
        self._optimiser.step()
        if self._average:
            self._average.update()
        self.num_done += 1
        return float(value)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self._recipe.optimiser.rate * self._factor()

    def _factor(self) -> float:
        return schedule.factor(
            self._recipe.optimiser, self.num_done, self._total_steps, self._steps_per_epoch
        )

    def _pooled(self, inputs: Tensor, part: int) -> Tensor:
        torch.manual_seed(self._seed(_FIRST_PART + part, distributed.rank()))
        with self._precision():
            return self._network.pool(inputs)

    def _first_pooled(self, parts: tuple[Tensor, ...]) -> Tensor | None:
        if self._first is None:
            return None
        with self._precision():
            return distributed.gather(torch.cat([self._first.pool(part) for part in parts]))

    def _precision(self) -> torch.autocast:
        is_bf16 = self._recipe.optimiser.precision == "bf16"
        return torch.autocast(self._device.type, torch.bfloat16, enabled=is_bf16)

    def _loss(self, pooled: Tensor, first: Tensor | None, labels: Tensor) -> Tensor:
        # Each process must draw the same here, since each computes the joint batch.
        torch.manual_seed(self._seed(_HEAD))
        embeddings = self._network.head(distributed.gather(pooled))
        generator = torch.Generator(self._device).manual_seed(self._seed(_MINER))
        loss: Tensor = self._criterion(embeddings, labels, generator)
        if self._first is not None and first is not None:
            loss = loss + self._first.distance(embeddings, first)
        return loss

    def _loss_in_parts(self, parts: tuple[Tensor, ...], first: Tensor | None, labels: Tensor) -> Tensor:
        statistics = [(buffer, buffer.clone()) for buffer in self._network.buffers()]
        with torch.no_grad():
            pooled = torch.cat([self._pooled(part, place) for place, part in enumerate(parts)])
            # The parts pass twice, their statistics count once.
            for buffer, before in statistics:
                buffer.copy_(before)
        loss = self._loss(pooled.requires_grad_(), first, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        if pooled.grad is None:
            return loss
        gradients = torch.split(pooled.grad, [len(part) for part in parts])
        for place, (part, gradient) in enumerate(zip(parts, gradients, strict=True)):
            again = self._pooled(part, place)
            if again.requires_grad:
                again.backward(gradient)  # type: ignore[no-untyped-call]
        return loss

    def _seed(self, *place: int) -> int:
        sequence = np.random.SeedSequence((self._recipe.seed, self.num_done, *place))
        return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))

    def _sentence(self, value: float, ids: tuple[str, ...]) -> str:
        shown = ", ".join(repr(name) for name in ids[:_SHOWN_IDS])
        more = f" and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else ""
        what = "the gradient is not finite" if math.isfinite(value) else f"the loss is {value}"
        return (
            f"{what} at step {self.num_done + 1} with the photos {shown}{more}; the weights are those before "
            "it; set a smaller optimiser.rate or clip_norm, or look at these photos"
        )

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the network carry the running average of its weights, where one is kept."""
        if self._average is None:
            yield
            return
        with self._average.swapped():
            yield

    def state(self) -> dict[str, object]:
        """Give all that a run needs to go on, as tensors (not copied) and plain values."""
        return {
            "num_done": self.num_done,
            "network": self._network.state_dict(),
            "criterion": self._criterion.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self._average.state() if self._average else None,
        }

    def load(self, state: dict[str, object]) -> None:
        """Go on from a state; it must be of a step with the same recipe."""
        self.num_done = state["num_done"]  # type: ignore[assignment]
        self._network.load_state_dict(state["network"])  # type: ignore[arg-type]
        self._criterion.load_state_dict(state["criterion"])  # type: ignore[arg-type]
        optimiser.load_state(self._optimiser, state["optimiser"])  # type: ignore[arg-type]
        if self._average:
            self._average.load(**state["average"])  # type: ignore[arg-type]
