"""resnet50: control ResNet50, beside e1, of the landmark study."""

from retrieval.experiments import _landmark_arms

STUDY = _landmark_arms.study(
    ("e1", "resnet50"),
    "control ResNet50",
    "Does ResNet50 know places better than e1's network, both from ImageNet?",
)

run = _landmark_arms.run_row
