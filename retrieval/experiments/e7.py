"""e7: patches of the network, beside e4, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e4", "e7"),
    "E7, patches of the network",
    "Does re-ranking with patches of the last feature map help?",
)

run = _landmark_arms.run_row
