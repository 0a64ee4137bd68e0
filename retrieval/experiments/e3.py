"""e3: Siamese, beside e2, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e2", "e3"),
    "E3, Siamese",
    "Does a contrastive loss over all pairs of a batch beat classification?",
)

run = _landmark_arms.run_row
