"""samples-per-class: how many photographs of a class training needs."""

from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Study

_SAMPLES = {10: 0.223, 20: 0.280, 30: 0.369, 50: 0.443, 80: 0.507, 100: 0.520, 200: 0.632, 400: 0.703}
# The small set has 15; the study's figures stand beside the same steps of its scale.
_SMALL_SAMPLES = {2: 0.223, 4: 0.280, 8: 0.443, 15: 0.520}
_OF_THE_STUDY = {2: 10, 4: 20, 8: 50, 15: 100}

STUDY = Study(
    title="Dependency on the size of the data set",
    source="Kreussel 2022, section 4.4",
    question="How does the vote of neighbours gain from more photographs of a class?",
    data=study.TINY_IMAGENET,
    measures=(study.F1,),
    arms=tuple(
        Arm(str(samples), study.studied(f1), {"train": study.training(), "samples": samples})
        for samples, f1 in _SAMPLES.items()
    ),
    small_arms=tuple(
        Arm(
            str(samples),
            study.studied(f1),
            {"train": study.small_training(), "samples": samples},
            note=f"beside the study's {_OF_THE_STUDY[samples]}",
        )
        for samples, f1 in _SMALL_SAMPLES.items()
    ),
    small_data=study.SMALL_DATA,
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Train on some photographs of each class, drawn by the seed, and search among the same."""
    return runs.voted_f1(arm, work, runs.drawn(arm, work))
