"""e6: VLAD, beside e4, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e4", "e6"),
    "E6, VLAD",
    "Does re-ranking with VLAD help?",
)

run = _landmark_arms.run_row
