"""e4: Siamese after classification, beside e3, of the landmark study."""

from retrieval.experiments import _landmark_arms
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work, finished_or_run
from retrieval.experiments._study import Arm

STUDY = _landmark_arms.study(
    ("e3", "e4"),
    "E4, Siamese after classification",
    "Does it help to begin with e2's weights and to mix both losses?",
)


def run(arm: Arm, work: Work) -> Measured:
    """Take the row from the experiment that holds all of them, so that none is trained twice."""
    return finished_or_run("landmarks", arm, work)
