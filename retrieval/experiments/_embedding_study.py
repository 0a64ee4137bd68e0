"""What the experiments of the embedding study declare alike: its training, the stand-in's, its figures.

Source: Kreussel 2022, Comparison of Deep-Image-Embedding Methods, and the settings of its published
notebooks.
"""

from collections.abc import Mapping
from typing import cast

from retrieval.experiments._study import Arm, Measure

F1 = Measure("F1", "knn-f1")
TINY_IMAGENET = "the folder tiny-imagenet-200 as it is unpacked (50 of its 200 classes are drawn)"
STAND_IN_BACKBONE = "tf_efficientnet_lite0"
STAND_IN = (
    "Stand-in network: tf_efficientnet_lite0 with its packaged ImageNet weights at 80 px, learning "
    "rate 1e-3 (the small set gives few steps)."
)
SMALL_DATA = (
    "Small data: every third class of the groceries, 15 photographs each to train and search, about 12 to "
    "ask."
)
SUPCON = {"supcon": {"temperature": 0.1}}

_SMALL_PX = 80


def studied(f1: float, *others: float) -> dict[str, tuple[float, ...]]:
    """Give the study's F1, several where its texts differ."""
    return {F1.name: (f1, *others)}


def training(
    backbone: str = "resnet50",
    *,
    loss: Mapping[str, object] = SUPCON,
    dim: int = 256,
    size_px: int = 64,
    pooling: str = "avg",
    policy: str = "none",
    copies: int = 1,
    epochs: int = 5,
    batch_size: int = 128,
    pretrained: bool = True,
) -> dict[str, object]:
    """Give the study's training as plain values of a recipe: Adam 1e-4, a tenth of it after each epoch."""
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "network": {
            "backbone": backbone,
            "pretrained": pretrained,
            "pooling": pooling,
            "head": "mlp",
            "dim": dim,
            "dropout": 0.2,
            "batch_norm": "batch",
        },
        "views": {
            "size_px": size_px,
            "min_area": 1.0,
            "flip": 0.0,
            "jitter": 0.0,
            "policy": policy,
            "copies": copies,
        },
        "optimiser": {
            "kind": "adam",
            "rate": 1e-4,
            "weight_decay": 0.0,
            "schedule": "step",
            "step_epochs": 1,
            "gamma": 0.1,
            "warmup_steps": 0,
            "ema": 0.0,
            "clip_norm": 0.0,
        },
        "validation": {"share": 0.0},
        "loss": dict(loss),
        "sampler": {"kind": "random"},
        "recipe": {"global": described(size_px)},
    }


def small_training(
    backbone: str = STAND_IN_BACKBONE,
    *,
    loss: Mapping[str, object] = SUPCON,
    dim: int = 256,
    policy: str = "none",
    copies: int = 1,
    epochs: int = 3,
) -> dict[str, object]:
    """Give the stand-in's training: the study's with small batches, a higher rate and fewer epochs."""
    plain = training(
        backbone,
        loss=loss,
        dim=dim,
        size_px=_SMALL_PX,
        policy=policy,
        copies=copies,
        epochs=epochs,
        batch_size=32,
    )
    optimiser = mapping(plain["optimiser"])
    # The few steps of a small set move a network little, with the study's steep fall of the rate not at all.
    return {**plain, "optimiser": {**optimiser, "rate": 1e-3, "gamma": 0.5}}


def not_tuned(backbone: str = STAND_IN_BACKBONE, size_px: int = _SMALL_PX) -> Arm:
    """Give our control: a network as it comes, average pooling and nothing trained."""
    network = {"backbone": backbone, "pooling": "avg"}
    plain = {"network": network, "recipe": {"global": described(size_px)}}
    return Arm("not tuned", {}, {"plain": plain}, note="our control: ImageNet weights, pooled")


def described(size_px: int) -> dict[str, object]:
    """Give the global table of a description at `size_px`, not normalised, as the study measures."""
    return {"size_rule": "crop", "size_px": size_px, "resize_px": size_px, "normalise": False}


def mapping(values: object) -> Mapping[str, object]:
    """Take a value of plain settings for the table that it is."""
    return cast(Mapping[str, object], values)
