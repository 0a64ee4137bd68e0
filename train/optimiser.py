"""The optimiser of a run: which parameters learn at which rate, and which of them decay."""

import torch
from torch import nn

from train.settings import Optimiser

_MOMENTUM = 0.9  # of plain gradient descent, as everywhere


def build(network: nn.Module, criterion: nn.Module, settings: Optimiser) -> torch.optim.Optimizer:
    """Give the optimiser of the trained parameters of both; frozen ones are left out.

    Its groups carry `base_rate`, from which `set_rates` makes the rate of a step. Norms and biases, which
    are vectors, do not decay. Source: He et al., Bag of Tricks, CVPR 2019, section 3.1.
    """
    groups = []
    for module, rate in ((network, settings.rate), (criterion, settings.rate * settings.loss_rate)):
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        for parameters, decay in (
            ([parameter for parameter in trained if parameter.ndim > 1], settings.weight_decay),
            ([parameter for parameter in trained if parameter.ndim <= 1], 0.0),
        ):
            if parameters:
                groups.append({"params": parameters, "weight_decay": decay, "lr": rate, "base_rate": rate})
    if settings.kind == "sgd":
        return torch.optim.SGD(groups, momentum=_MOMENTUM, fused=True)
    rule = torch.optim.AdamW if settings.kind == "adamw" else torch.optim.Adam
    return rule(groups, fused=True)


def set_rates(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Let every group make its next step at `factor` times its base rate."""
    for group in optimiser.param_groups:
        group["lr"] = factor * group["base_rate"]


def load_state(optimiser: torch.optim.Optimizer, state: dict[str, object]) -> None:
    """Go on from `optimiser.state_dict()`, however its tensors lie in memory.

    Fused steps read parameter and momentum as flat memory, so a momentum that came from a file in another
    order of axes would be added to the wrong weights.
    """
    optimiser.load_state_dict(state)
    for parameter, values in optimiser.state.items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter, requires_grad=False).copy_(value)
