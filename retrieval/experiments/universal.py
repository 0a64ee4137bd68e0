"""universal: photographs of many kinds, judged by triplets of photographs held back."""

from typing import TYPE_CHECKING

import numpy as np

from evaluate.embeddings import triplet_accuracy
from evaluate.outcome import Outcome
from retrieval.experiments import _data, _trained
from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured, Points
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Measure, Study
from train import labelled_photos

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from extract.photos import Photos

# A triplet is a query for one of two pictures: its positive, and not its negative.
_ACCURACY = Measure("triplet accuracy", "hit@1")
_STUDIED = {_ACCURACY.name: (0.95,)}
_SHARE, _SMALL_SHARE = 0.1, 0.25
_DIM, _MARGIN = 64, 0.9
_SMALL_EVERY, _SMALL_PHOTOS = 5, 15
_ONE_FIGURE = "the study has one figure and does not say of which network"


def _plain(backbone: str, pooling: str) -> dict[str, object]:
    plain = study.training(
        backbone,
        loss={"triplet": {"margin": _MARGIN, "normalise": False}},
        dim=_DIM,
        size_px=224,
        pooling=pooling,
        epochs=10,
        batch_size=32,
    )
    optimiser = {**study.mapping(plain["optimiser"]), "schedule": "constant"}
    return {**plain, "network": {**study.mapping(plain["network"]), "head": "linear"}, "optimiser": optimiser}


def _small_plain() -> dict[str, object]:
    plain = study.small_training(loss={"triplet": {"margin": _MARGIN, "normalise": False}}, dim=_DIM)
    return {**plain, "network": {**study.mapping(plain["network"]), "head": "linear"}}


STUDY = Study(
    title="Universal embedding",
    source="the post on the Universal Image Embedding competition",
    question="How often does a network tuned with triplets place a photograph nearer to one of its kind?",
    data="a set of many kinds, a folder a class, or a CSV list with id, file, label",
    measures=(_ACCURACY,),
    arms=(
        Arm("Swin", _STUDIED, {"train": _plain("swin_base_patch4_window7_224", "avg")}, note=_ONE_FIGURE),
        Arm("DeiT", _STUDIED, {"train": _plain("deit_base_patch16_224", "cls")}, note=_ONE_FIGURE),
    ),
    small_arms=(
        Arm("tuned", _STUDIED, {"train": _small_plain()}),
        study.not_tuned(),
    ),
    small_data=(
        f"Small data: every fifth class of the groceries and the training landmarks, at most {_SMALL_PHOTOS} "
        "photographs of each; a quarter is held back."
    ),
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Train on most of the photographs, then ask one triplet of each that was held back."""
    train, held_back = _split(work)
    made = runs.network_of(arm, train, work)
    vectors = made.embedded(held_back)
    _trained.clear(work)
    anchors, positives, negatives = triplets(held_back)
    right = triplet_accuracy(vectors[anchors], vectors[positives], vectors[negatives])
    ones = np.ones(len(anchors), np.int64)
    outcome = Outcome(
        right[:, None], ones, ones, query_ids=tuple(held_back.ids[row] for row in anchors.tolist())
    )
    return Measured({_ACCURACY.name: outcome}, Points(vectors, held_back.labels), made.random_start)


def triplets(photos: "Photos") -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    """Draw for each photograph another of its class and one of another class, each (N,) rows.

    Photographs that are alone in their class are no anchors. One triplet each, so that none counts twice.
    """
    rng = np.random.default_rng(0)
    labels = np.array(photos.labels)
    drawn = []
    for row, label in enumerate(photos.labels):
        same = np.flatnonzero(labels == label)
        same, others = same[same != row], np.flatnonzero(labels != label)
        if same.size and others.size:
            drawn.append((row, rng.choice(same), rng.choice(others)))
    anchors, positives, negatives = np.array(drawn, np.int64).reshape(-1, 3).T
    return anchors, positives, negatives


def _split(work: Work) -> "tuple[Photos, Photos]":
    """Hold a share of the photographs back, the same for every seed."""
    if work.small:
        groceries = _data.groceries(work.data)
        kinds = _data.of_classes(groceries, _data.classes_of(groceries)[::_SMALL_EVERY])
        places = labelled_photos.read(work.data / "landmarks" / "train.csv")
        photos = _data.drawn_per_class(_data.joined(kinds, places), _SMALL_PHOTOS, 0)
        share = _SMALL_SHARE
    else:
        photos, share = labelled_photos.read(work.data), _SHARE
    order = np.random.default_rng(0).permutation(len(photos))
    count = round(share * len(photos))
    held_back = photos.select(sorted(order[:count].tolist()))
    return _data.without(photos, held_back), held_back
