"""e7: patches of the network, beside e4, of the landmark study."""

from retrieval.experiments import _landmark_arms
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work, finished_or_run
from retrieval.experiments._study import Arm

STUDY = _landmark_arms.study(
    ("e4", "e7"),
    "E7, patches of the network",
    "Does re-ranking with patches of the last feature map help?",
)


def run(arm: Arm, work: Work) -> Measured:
    """Take the row from the experiment that holds all of them, so that none is trained twice."""
    return finished_or_run("landmarks", arm, work)
