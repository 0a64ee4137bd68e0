"""What a run tells while it goes, for whoever logs or shows it."""

from dataclasses import dataclass

from train.judge import Judged


@dataclass(frozen=True)
class Describing:
    """A frozen backbone will now describe this many photographs, before the first step."""

    photos: int


@dataclass(frozen=True)
class Described:
    """One of them is done."""

    has_failed: bool


@dataclass(frozen=True)
class Begun:
    """The steps begin: `step` of `total_steps` were done before, by a run that was stopped."""

    step: int
    total_steps: int
    photos: int
    classes: int
    held_back: int


@dataclass(frozen=True)
class Untrained:
    """The network as it begins was judged as it will be after each epoch."""

    judged: Judged


@dataclass(frozen=True)
class StepDone:
    """Step `step` of the run, the first being 1, had this loss at this learning rate."""

    step: int
    epoch: int
    loss: float
    rate: float
    images_per_second: float


@dataclass(frozen=True)
class EpochDone:
    """Epoch `epoch` of `epochs`, the first being 1, had this mean loss; `is_best` says that it is kept."""

    epoch: int
    epochs: int
    step: int
    loss: float
    judged: Judged | None
    is_best: bool
    seconds: float


@dataclass(frozen=True)
class Remark:
    """Something that a user should know; it is not an error."""

    sentence: str


Event = Describing | Described | Begun | Untrained | StepDone | EpochDone | Remark
