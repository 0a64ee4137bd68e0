"""ArcFace: classes are directions, and a photograph must be nearer to its own by an angle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

NEEDS_PAIRS = False


@dataclass(frozen=True)
class Config:
    """Cross entropy of `scale` times the cosines to the classes, the own angle widened by `margin` (radians).

    A class has `sub_centres` directions, of which the nearest counts. With `dynamic` the margin of a class
    of n photographs is `dynamic_factor` * n ** -`dynamic_power` + `dynamic_floor`, wider for rare ones, and
    `margin` is not used. Past the angle pi - margin, where a wider angle would cost less, the own cosine is
    instead lowered by margin * sin(margin).
    Source: Deng et al., CVPR 2019 and ECCV 2020 (sub-centres); Ha et al., Google Landmark Recognition 2020
    Competition Third Place Solution (dynamic margins and their defaults). .2 and 24 suit a network that is
    tuned for some epochs on some tens of places; faces by the million take .5 and 64.
    """

    margin: float = 0.2
    scale: float = 24.0
    sub_centres: int = 1
    dynamic: bool = False
    dynamic_factor: float = 0.5
    dynamic_floor: float = 0.05
    dynamic_power: float = 0.25

    def __post_init__(self) -> None:
        widest = self.dynamic_factor + self.dynamic_floor if self.dynamic else self.margin
        if not 0.0 <= widest < 1.57 or min(self.dynamic_factor, self.dynamic_floor, self.dynamic_power) < 0:
            raise ConfigError(
                f"loss.arcface margins must be at least 0 and below a right angle (1.57), got {widest:g}"
                " at the most"
            )
        if not self.scale > 0.0 or self.sub_centres < 1:
            raise ConfigError(
                "loss.arcface.scale must be above 0 and loss.arcface.sub_centres at least 1, "
                f"got {self.scale} and {self.sub_centres}"
            )


def margins(config: Config, class_sizes: Sequence[int]) -> list[float]:
    """Give the margin of each class in radians; one without photographs counts as one with one."""
    if not config.dynamic:
        return [config.margin] * len(class_sizes)
    return [
        config.dynamic_factor * max(size, 1) ** -config.dynamic_power + config.dynamic_floor
        for size in class_sizes
    ]


def build(config: Config, *, num_classes: int, dim: int, class_sizes: Sequence[int]) -> "nn.Module":
    """Give the loss with centres that begin at random (torch's global state).

    Raises:
        ValueError: there are not as many sizes as classes.
    """
    from train.losses._angular_margin import AngularMargin

    if len(class_sizes) != num_classes:
        raise ValueError(f"expected the sizes of {num_classes} classes, got {len(class_sizes)}")
    return AngularMargin(margins(config, class_sizes), dim, config.sub_centres, config.scale)
