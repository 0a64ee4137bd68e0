"""The settings of one training run that are not a plug-in's own: network, views, optimiser, validation."""

from dataclasses import dataclass
from typing import Literal

from extract.config import NO_FILE, FileRef
from extract.errors import ConfigError
from extract.heads import Kind
from extract.pooling import Pooling, check_power


@dataclass(frozen=True)
class Network:
    """Backbone (a timm name), its first weights, pooling and head.

    `dim` is the length of an embedding, 0 that of the pooled features (`head` none). `whitening` is a file
    of `retrieve fit-whitening` that takes the place of a head, stays as it is, and comes out with the
    network. `distill` is how strongly an embedding is held to the one that the first weights give the same
    picture: that weight times 1 - their cosine is added to the loss (Li and Hoiem, Learning without
    forgetting, ECCV 2016, on embeddings), so that few classes teach without much being forgotten.
    `frozen_stages` counts the first stages of the backbone, its stem included, that stay as they are; with
    `frozen` the whole backbone does. `batch_norm` says whether normalisations keep their statistics
    (frozen) or follow the batch. `pretrained` false begins at random.
    """

    backbone: str = "tf_efficientnet_lite2"
    weights: FileRef = NO_FILE
    pretrained: bool = True
    pooling: Pooling = "gem"
    gem_p: float = 2.0
    head: Kind = "none"
    dim: int = 0
    dropout: float = 0.2
    whitening: FileRef = NO_FILE
    distill: float = 0.0
    frozen: bool = False
    frozen_stages: int = 0
    batch_norm: Literal["frozen", "batch"] = "frozen"

    def __post_init__(self) -> None:
        if self.dim < 0 or (self.head == "none") != (self.dim == 0):
            raise ConfigError(
                f"network.dim must be 0 without a head and at least 1 with one, got {self.dim} "
                f"with network.head {self.head!r}"
            )
        check_power(self.pooling, self.gem_p, "network")
        if self.head != "none" and (self.whitening.path or self.distill):
            raise ConfigError(
                "network.whitening and network.distill go with a network without a head, which would begin "
                f"at random, got network.head {self.head!r}; leave them out, or set network.head to 'none'"
            )
        if not 0.0 <= self.distill < float("inf"):
            raise ConfigError(f"network.distill must be 0 or more, got {self.distill}")
        if self.distill and not self.pretrained:
            raise ConfigError("network.distill holds to pretrained weights, and network.pretrained is false")
        if self.frozen and self.head == "none":
            raise ConfigError("network.frozen leaves nothing to train without a head; set head and dim too")
        if self.frozen_stages < 0:
            raise ConfigError(f"network.frozen_stages must be 0 or more, got {self.frozen_stages}")
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"network.dropout must be at least 0 and below 1, got {self.dropout}")


@dataclass(frozen=True)
class Views:
    """How a photograph becomes a training picture of `size_px` a side.

    A random part of at least `min_area` of it is cut out and scaled (1: all of it, at its centre), mirrored
    with probability `flip`, turned by up to `rotation_deg`, its light and colours changed by up to `jitter`,
    and changed by the automatic `policy`. With `copies` a photograph is in an epoch that often; `fixed`
    makes the views of a copy the same in every epoch, as of a set that was enlarged beforehand.
    """

    size_px: int = 288
    min_area: float = 0.3
    flip: float = 0.5
    rotation_deg: float = 0.0
    jitter: float = 0.2
    policy: Literal["none", "autoaugment", "randaugment", "trivialaugment"] = "none"
    copies: int = 1
    fixed: bool = False

    def __post_init__(self) -> None:
        if not 16 <= self.size_px <= 2048:
            raise ConfigError(f"views.size_px must be between 16 and 2048, got {self.size_px}")
        if self.copies < 1:
            raise ConfigError(f"views.copies must be at least 1, got {self.copies}")
        for name, value, top in (
            ("min_area", self.min_area, 1.0),
            ("flip", self.flip, 1.0),
            ("jitter", self.jitter, 1.0),
            ("rotation_deg", self.rotation_deg, 180.0),
        ):
            if not 0.0 <= value <= top or (name == "min_area" and value == 0.0):
                raise ConfigError(f"views.{name} must be between 0 and {top:g}, got {value}")


@dataclass(frozen=True)
class Optimiser:
    """Step rule, learning rate over time, and how large a batch is.

    The rate rises over `warmup_steps`, then falls as `schedule` says (`step`: times `gamma` every
    `step_epochs`). Parameters of a loss (class centres) learn at `loss_rate` times the rate. A batch is
    passed through the network in `accumulate` parts, to the loss as a whole. `ema` is the decay of the
    running average of the weights that is kept and judged, 0 for none. `clip_norm` 0 clips nothing.
    """

    kind: Literal["adamw", "adam", "sgd"] = "adamw"
    rate: float = 1e-4
    loss_rate: float = 10.0
    weight_decay: float = 0.05
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    warmup_steps: int = 30
    step_epochs: int = 2
    gamma: float = 0.5
    accumulate: int = 1
    precision: Literal["float32", "bf16"] = "float32"
    ema: float = 0.995
    clip_norm: float = 5.0

    def __post_init__(self) -> None:
        for name, value in (("rate", self.rate), ("loss_rate", self.loss_rate), ("gamma", self.gamma)):
            if not value > 0.0:
                raise ConfigError(f"optimiser.{name} must be above 0, got {value}")
        for name, number in (("accumulate", self.accumulate), ("step_epochs", self.step_epochs)):
            if number < 1:
                raise ConfigError(f"optimiser.{name} must be at least 1, got {number}")
        if min(self.weight_decay, self.warmup_steps, self.clip_norm) < 0:
            raise ConfigError("optimiser.weight_decay, warmup_steps and clip_norm must be 0 or more")
        if not 0.0 <= self.ema < 1.0:
            raise ConfigError(f"optimiser.ema must be at least 0 and below 1, got {self.ema}")


@dataclass(frozen=True)
class Validation:
    """What a run is judged by: `share` of the classes is held back whole, 0 for none.

    After each epoch `metric` is measured on their photographs, each one asking all others; the best epoch
    is what comes out, and a run stops after `patience` epochs without a better one (0: never).
    """

    share: float = 0.15
    metric: str = "map@100"
    patience: int = 0
    max_photos: int = 500

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 1.0:
            raise ConfigError(f"validation.share must be at least 0 and below 1, got {self.share}")
        if self.patience < 0 or self.max_photos < 2:
            raise ConfigError("validation.patience must be 0 or more and validation.max_photos 2 or more")
