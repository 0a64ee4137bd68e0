"""e2: classification, beside e1, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e1", "e2"),
    "E2, classification",
    "Does fine-tuning with a classification top over all landmarks help?",
)

run = _landmark_arms.run_row
