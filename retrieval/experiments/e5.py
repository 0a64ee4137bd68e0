"""e5: SIFT, beside e4, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e4", "e5"),
    "E5, SIFT",
    "Does re-ranking with matches of SIFT help?",
)

run = _landmark_arms.run_row
