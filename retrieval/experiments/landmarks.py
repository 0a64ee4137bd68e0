"""landmarks: all rows of the landmark study in one table, each pair of them compared."""

from retrieval.experiments import _landmark_arms
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm

STUDY = _landmark_arms.study(
    _landmark_arms.names(),
    "all rows",
    "What do training on places, Siamese training and local features each add to an ImageNet network?",
)


def run(arm: Arm, work: Work) -> Measured:
    """Measure one row."""
    from retrieval.experiments import _landmark_runs

    return _landmark_runs.run(arm, work)
