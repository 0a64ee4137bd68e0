"""embedding-size: how long an embedding has to be."""

from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Study

_SIZES = {64: 0.654, 128: 0.683, 256: 0.712, 512: 0.719, 1024: 0.724, 2048: 0.731}

STUDY = Study(
    title="Differences in embedding sizes",
    source="Kreussel 2022, section 4.3",
    question="Do longer embeddings serve a vote of neighbours better?",
    data=study.TINY_IMAGENET,
    measures=(study.F1,),
    arms=tuple(
        Arm(str(size), study.studied(f1), {"train": study.training(dim=size)}) for size, f1 in _SIZES.items()
    ),
    small_arms=tuple(
        Arm(str(size), study.studied(f1), {"train": study.small_training(dim=size)})
        for size, f1 in _SIZES.items()
    ),
    small_data=study.SMALL_DATA,
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Train a head of the arm's size and let neighbours vote."""
    return runs.voted_f1(arm, work, runs.cut(work))
