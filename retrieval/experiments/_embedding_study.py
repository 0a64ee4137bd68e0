"""What the experiments of the embedding study share: training, the stand-in's, cuts, and the vote.

Source: Kreussel 2022, Comparison of Deep-Image-Embedding Methods, and the settings of its published
notebooks.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from retrieval.experiments._kept import Measured, Points
from retrieval.experiments._study import Arm, Measure

if TYPE_CHECKING:
    from retrieval.experiments._data import Cut
    from retrieval.experiments._run import Work
    from train.network import EmbeddingNetwork

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

_NUM_CLASSES = 50
_EVERY_CLASS = 3
_NEIGHBOURS = 5
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


def untuned(backbone: str, size_px: int = _SMALL_PX) -> dict[str, object]:
    """Give the plain values of a network as it comes, average pooling and nothing trained."""
    return {"network": {"backbone": backbone, "pooling": "avg"}, "recipe": {"global": described(size_px)}}


def described(size_px: int) -> dict[str, object]:
    """Give the global table of a description at `size_px`, not normalised, as the study measures."""
    return {"size_rule": "crop", "size_px": size_px, "resize_px": size_px, "normalise": False}


def cut(work: "Work") -> "Cut":
    """Cut Tiny ImageNet as the study does, 400 of a class to train and 100 to ask; or the small set."""
    from retrieval.experiments import _data

    if work.small:
        photos = _data.groceries(work.data)
        photos = _data.of_classes(photos, _data.classes_of(photos)[::_EVERY_CLASS])
        train = _data.where(photos, "split", "train")
        return _data.Cut(train, train, _data.where(photos, "split", "test"))
    photos = _data.tiny_imagenet_classes(work.data, _NUM_CLASSES)
    share = len(photos) // _NUM_CLASSES // 5
    train = _data.per_class(photos, 0, -share)
    return _data.Cut(train, train, _data.per_class(photos, -share, None))


def trained_and_voted(arm: Arm, work: "Work", photos: "Cut") -> Measured:
    """Train on the cut's training photographs, then let the five nearest of its database vote on each query.

    Raises:
        RetrieveError: the data do not suit, or a run fails.
    """
    from retrieval.experiments import _run, _trained

    plain, random_start = _run.with_weights(table(arm, "train"), work)
    run = _trained.trained(plain, photos.train, work)
    network = _trained.network_of(plain, run, work)
    measured = voted(network, plain, {F1.name: photos}, random_start)
    _trained.clear(work)
    return measured


def voted(
    network: "EmbeddingNetwork", plain: Mapping[str, object], cuts: "Mapping[str, Cut]", random_start: bool
) -> Measured:
    """Let the five nearest of the database vote on each query, for each measure by its own cut.

    The points are the queries of the last one.
    """
    from retrieval.experiments import _trained

    outcomes = {}
    for name, photos in cuts.items():
        vectors = _trained.embedded(network, plain, photos.database)
        asked = _trained.embedded(network, plain, photos.queries)
        outcomes[name] = _trained.searched(
            photos.queries, asked, photos.database.labels, vectors, _NEIGHBOURS
        )
    return Measured(outcomes, Points(asked, photos.queries.labels), random_start)


def table(arm: Arm, name: str) -> Mapping[str, object]:
    """Give a table of an arm's settings."""
    return mapping(arm.settings[name])


def mapping(values: object) -> Mapping[str, object]:
    """Take a value of plain settings for the table that it is."""
    return cast(Mapping[str, object], values)


def number(arm: Arm, name: str) -> int:
    """Give a whole number of an arm's settings."""
    return cast(int, arm.settings[name])
