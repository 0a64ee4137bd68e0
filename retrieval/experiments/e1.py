"""e1: ImageNet weights, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e1",),
    "E1, ImageNet weights",
    "How well does an ImageNet network know places, with pooled features and cosine?",
)

run = _landmark_arms.run_row
