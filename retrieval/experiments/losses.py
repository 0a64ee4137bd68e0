"""losses: which of five losses tunes a ResNet50 best."""

from collections.abc import Mapping

from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Study

_LOSSES: Mapping[str, tuple[float, Mapping[str, object]]] = {
    "contrastive": (0.650, {"contrastive": {"positive_margin": 0.0, "negative_margin": 1.0}}),
    "triplet": (0.660, {"triplet": {"margin": 0.05}}),
    "supcon": (0.709, {"supcon": {"temperature": 0.1}}),
    "snr": (0.685, {"snr": {"positive_margin": 0.0, "negative_margin": 1.0}}),
    "ntxent": (0.618, {"ntxent": {"temperature": 0.5}}),
}

STUDY = Study(
    title="Significance of loss functions",
    source="Kreussel 2022, section 4.2",
    question="Which loss tunes a ResNet50 best for a vote of neighbours?",
    data=study.TINY_IMAGENET,
    measures=(study.F1,),
    arms=tuple(
        Arm(name, study.studied(f1), {"train": study.training(loss=loss)})
        for name, (f1, loss) in _LOSSES.items()
    ),
    small_arms=tuple(
        Arm(name, study.studied(f1), {"train": study.small_training(loss=loss)})
        for name, (f1, loss) in _LOSSES.items()
    ),
    small_data=study.SMALL_DATA,
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Train with the arm's loss and let neighbours vote."""
    return runs.voted_f1(arm, work, runs.cut(work))
