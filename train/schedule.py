"""The learning rate over time, as a share of the rate that was set."""

import math

from train.settings import Optimiser


def factor(settings: Optimiser, step: int, total_steps: int, steps_per_epoch: int) -> float:
    """Give the share of the rate at which step `step` (from 0) of `total_steps` is made, in (0, 1].

    It rises in equal parts over the warm-up, which is at most the first half of a run. `cosine` then falls
    along half a wave to 0, which the step behind the last one would have; `step` is multiplied by `gamma`
    at every `step_epochs`-th epoch, counted from the beginning. Source: Loshchilov & Hutter, SGDR, ICLR 2017
    (cosine); Goyal et al., Accurate, Large Minibatch SGD, 2017 (warm-up).

    Raises:
        ValueError: the step lies outside the run.
    """
    if not 0 <= step < total_steps:
        raise ValueError(f"step must be at least 0 and below {total_steps}, got {step}")
    # A short run would else never reach its rate.
    warmup_steps = min(settings.warmup_steps, total_steps // 2)
    risen = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if settings.schedule == "constant":
        return risen
    if settings.schedule == "step":
        return float(risen * settings.gamma ** (step // steps_per_epoch // settings.step_epochs))
    progress = max(0, step - warmup_steps) / (total_steps - warmup_steps)
    return risen * 0.5 * (1.0 + math.cos(math.pi * progress))
