"""e1: ImageNet weights, of the landmark study."""

from retrieval.experiments import _landmark_arms
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work, finished_or_run
from retrieval.experiments._study import Arm

STUDY = _landmark_arms.study(
    ("e1",),
    "E1, ImageNet weights",
    "How well does an ImageNet network know places, with pooled features and cosine?",
)


def run(arm: Arm, work: Work) -> Measured:
    """Take the row from the experiment that holds all of them, so that none is trained twice."""
    return finished_or_run("landmarks", arm, work)
