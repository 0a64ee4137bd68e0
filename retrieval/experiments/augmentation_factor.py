"""augmentation-factor: what it helps to enlarge a tiny set by RandAugment."""

from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Study

_FACTORS = {1: 0.306, 2: 0.352, 4: 0.437, 8: 0.518, 16: 0.569}
_SAMPLES, _SMALL_SAMPLES = 20, 4


def _policy(factor: int) -> str:
    return "randaugment" if factor > 1 else "none"


STUDY = Study(
    title="Efficiency of augmentations",
    source="Kreussel 2022, section 4.5",
    question="Does a set of 20 photographs a class gain from being enlarged by RandAugment?",
    data=study.TINY_IMAGENET,
    measures=(study.F1,),
    arms=tuple(
        Arm(
            f"{factor}x",
            study.studied(f1),
            {"train": study.training(policy=_policy(factor), copies=factor), "samples": _SAMPLES},
        )
        for factor, f1 in _FACTORS.items()
    ),
    small_arms=tuple(
        Arm(
            f"{factor}x",
            study.studied(f1),
            {
                "train": study.small_training(policy=_policy(factor), copies=factor, epochs=2),
                "samples": _SMALL_SAMPLES,
            },
        )
        for factor, f1 in _FACTORS.items()
    ),
    small_data=f"{study.SMALL_DATA} Of the 15 photographs {_SMALL_SAMPLES} are taken.",
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Train on few photographs of each class, drawn by the seed, in as many views as the factor says."""
    return runs.voted_f1(arm, work, runs.drawn(arm, work))
