"""What an experiment declares: the study's question, its arms with their figures, what is measured."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

PACKAGE = "retrieval.experiments"


@dataclass(frozen=True)
class Measure:
    """One figure that every arm gets: its heading in tables, and a metric of `evaluate.metrics` by name."""

    name: str
    metric: str


@dataclass(frozen=True)
class Arm:
    """One configuration of a study.

    `studied` has the study's figures by the name of the measure, as shares; several where its texts differ,
    none for an arm of ours. `settings` are plain values that the experiment reads, and by which a finished
    run is known again. `note` stands beside the arm in the table. With `one_seed` it is run once, whatever
    the number of seeds: an arm from which nothing is concluded.
    """

    name: str
    studied: Mapping[str, tuple[float, ...]]
    settings: Mapping[str, object]
    note: str = ""
    one_seed: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ,.+-]*", self.name):
            raise ValueError(f"an arm's name is also that of its folder, got {self.name!r}")


@dataclass(frozen=True)
class Study:
    """An experiment of one of the studies.

    `source` is where the study says it, `data` what `--data` has to be for the study's own run, `small_data`
    how the small sets are cut, `stand_in` what the small run has in place of the study's network. `ordered`
    are pairs (better, worse) of arms by the name of the measure, for which the study gives an order and no
    figures.
    """

    title: str
    source: str
    question: str
    data: str
    measures: tuple[Measure, ...]
    arms: tuple[Arm, ...]
    small_arms: tuple[Arm, ...]
    small_data: str = ""
    stand_in: str = ""
    ordered: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {measure.name for measure in self.measures}
        for arms in (self.arms, self.small_arms):
            if len({arm.name for arm in arms}) < len(arms):
                raise ValueError("two arms of a study have one name")
            for arm in arms:
                if not arm.studied.keys() <= names:
                    raise ValueError(f"{arm.name} has figures of what is not measured: {sorted(arm.studied)}")

    def of_size(self, small: bool) -> tuple[Arm, ...]:
        """Give the arms of the small run, or those of the study's own."""
        return self.small_arms if small else self.arms


def share_text(value: float) -> str:
    """Show a study's figure as exactly as it is given: with three digits, or four where it has them."""
    return f"{value:.4f}".removesuffix("0")


def ordered_pairs(study: Study, arms: tuple[Arm, ...], measure: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs (better, worse) in which the study orders its arms; where its texts disagree, none."""
    for first, second in combinations(arms, 2):
        ones, others = first.studied.get(measure, ()), second.studied.get(measure, ())
        if ones and others and min(ones) > max(others):
            yield first.name, second.name
        elif ones and others and min(others) > max(ones):
            yield second.name, first.name
    names = {arm.name for arm in arms}
    for better, worse in study.ordered.get(measure, ()):
        if {better, worse} <= names:
            yield better, worse


def disputed_pairs(arms: tuple[Arm, ...], measure: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of arms that the study's own texts do not order in one way."""
    for first, second in combinations(arms, 2):
        ones, others = first.studied.get(measure, ()), second.studied.get(measure, ())
        if (
            ones
            and others
            and len(ones + others) > 2
            and not (min(ones) > max(others) or min(others) > max(ones))
        ):
            yield first.name, second.name
