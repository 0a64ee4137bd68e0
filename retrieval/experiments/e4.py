"""e4: Siamese after classification, beside e3, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e3", "e4"),
    "E4, Siamese after classification",
    "Does it help to begin with e2's weights and to mix both losses?",
)

run = _landmark_arms.run_row
