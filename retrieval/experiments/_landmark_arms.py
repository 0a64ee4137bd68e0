"""The rows of the landmark study: e1 to e7 and two controls, with the study's settings and the small run's.

Source: the landmark retrieval thesis, arXiv 2208.04201, its summary and its published training scripts.
"""

from collections.abc import Mapping

from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work, finished_or_run
from retrieval.experiments._study import Arm, Measure, Study

# The experiment that holds all rows.
NAME = "landmarks"

MEASURES = (Measure("all", "map@100"), Measure("private", "map@100"), Measure("public", "map@100"))
# The study's queries are 650 private and 350 public ones, so that the mean over all follows from its two.
_PRIVATE_SHARE = 0.65
_STUDIED = {
    "e1": (0.0823, 0.0742),
    "e2": (0.2543, 0.2559),
    "e3": (0.3149, 0.3168),
    "e4": (0.3257, 0.3268),
    "e5": (0.3261, 0.3271),
    "e6": (0.3091, 0.3058),
    "e7": (0.3309, 0.3284),
}
# Its notebooks measure the controls on the public queries alone.
_CONTROLS = {"resnet18": 0.173, "resnet50": 0.234}

_BACKBONE, _SMALL_BACKBONE = "efficientnet_b0", "tf_efficientnet_lite0"
_SIZE_PX, _SMALL_SIZE_PX = 224, 160
_RESIZE_PX, _SMALL_RESIZE_PX = 256, 183
_SMALL_EPOCHS, _SMALL_KEYPOINTS = 2, 500
_CLASSIFICATION: Mapping[str, object] = {"classification": {}}
_CONTRASTIVE = {"distance": "cosine", "positive_margin": 0.0, "negative_margin": 0.4}
_PAIRS = {"kind": "m-per-class", "per_class": 2}


def study(names: tuple[str, ...], title: str, question: str) -> Study:
    """Give the study of the rows `names`."""
    return Study(
        title=f"Landmark retrieval: {title}",
        source="the landmark retrieval thesis, arXiv 2208.04201, Train and Evaluate",
        question=question,
        data=(
            "the folder of GLDv2: train_clean.csv or train.csv, retrieval_solution*.csv, and photographs as "
            "a/b/c/ID.jpg in train/, index/ and test/"
        ),
        measures=MEASURES,
        arms=tuple(_arms(small=False)[name] for name in names),
        small_arms=tuple(_arms(small=True)[name] for name in names),
        small_data=(
            "Small data: to train, train.csv and weak.csv of the landmarks, joined by the landmark's name, "
            "at most 40 photographs of each; to search, 16 other places among 1,421 photographs."
        ),
        stand_in=(
            f"Stand-in network: {_SMALL_BACKBONE} with its packaged ImageNet weights at {_SMALL_SIZE_PX} px, "
            f"{_SMALL_EPOCHS} epochs, normalisations as they are; SIFT of at most {_SMALL_KEYPOINTS} "
            "keypoints."
        ),
    )


def run_row(arm: Arm, work: Work) -> Measured:
    """Take a row from the experiment that holds all of them, so that none is trained twice.

    Raises:
        RetrieveError: the data do not suit, or a run fails.
    """
    return finished_or_run(NAME, arm, work)


def names() -> tuple[str, ...]:
    """List all rows in the study's order."""
    return (*_STUDIED, *_CONTROLS)


def _arms(*, small: bool) -> dict[str, Arm]:
    own = _SMALL_BACKBONE if small else _BACKBONE
    mixed: dict[str, object] = {
        "classification": {"weight": 0.5},
        "contrastive": {"weight": 0.5, **_CONTRASTIVE},
    }
    # A Siamese batch of n is n pairs: 8 in e3's script, 16 in e4's.
    training = {
        "e2": _training(_CLASSIFICATION, batch_size=144, pairs=False, small=small),
        "e3": _training({"contrastive": _CONTRASTIVE}, batch_size=16, pairs=True, small=small),
        "e4": _training(mixed, batch_size=32, pairs=True, small=small),
    }
    tuned: dict[str, Mapping[str, object]] = {name: {"train": plain} for name, plain in training.items()}
    tuned["e4"] = {**tuned["e4"], "begins_with": {"e2": tuned["e2"]}}
    e4 = {"network_of": {"e4": tuned["e4"]}}
    sift = {"max_keypoints": _SMALL_KEYPOINTS if small else 100_000, "root": False}
    settings: dict[str, Mapping[str, object]] = {
        "e1": _untrained(own, small=small),
        **tuned,
        "e5": {**e4, "chain": "e5", "local": {"sift": sift}},
        "e6": {**e4, "chain": "e6", "local": {"vlad": {"power": 0.5}}, "words": {"count": 16, "sift": sift}},
        "e7": {**e4, "chain": "e7", "local": {"patch": {"grid": 7}}},
        **{name: _untrained(name, small=small) for name in _CONTROLS},
    }
    arms = {}
    for name, values in settings.items():
        if name in _CONTROLS:
            note = "the study has the public figure alone"
            arms[name] = Arm(name, {"public": (_CONTROLS[name],)}, values, note, one_seed=True)
            continue
        private, public = _STUDIED[name]
        every = round(_PRIVATE_SHARE * private + (1 - _PRIVATE_SHARE) * public, 4)
        arms[name] = Arm(name, {"all": (every,), "private": (private,), "public": (public,)}, values)
    return arms


def _untrained(backbone: str, *, small: bool) -> dict[str, object]:
    return {"plain": {"network": {"backbone": backbone, "pooling": "avg"}, "recipe": _described(small=small)}}


def _training(
    losses: Mapping[str, object], *, batch_size: int, pairs: bool, small: bool
) -> dict[str, object]:
    """Give a training as plain values: Adam at one rate throughout, 20 epochs, no part frozen.

    The crop of 224 from 256 px is a random part of at least (224 / 256)^2 of the photograph.
    """
    return {
        "epochs": _SMALL_EPOCHS if small else 20,
        "batch_size": min(32, batch_size) if small else batch_size,
        "network": {
            "backbone": _SMALL_BACKBONE if small else _BACKBONE,
            "pooling": "avg",
            # The stand-in's running statistics move by a hundredth a step: in 70 steps they stay behind.
            "batch_norm": "frozen" if small else "batch",
        },
        "views": {
            "size_px": _SMALL_SIZE_PX if small else _SIZE_PX,
            "min_area": round((_SIZE_PX / _RESIZE_PX) ** 2, 3),
            "flip": 0.5,
            "rotation_deg": 15.0,
            "jitter": 0.0,
        },
        "optimiser": {
            "kind": "adam",
            "rate": 1.5e-4,
            "loss_rate": 1.0,
            "weight_decay": 0.0,
            "schedule": "constant",
            "warmup_steps": 0,
            "ema": 0.0,
            "clip_norm": 0.0,
        },
        "validation": {"share": 0.0},
        "loss": dict(losses),
        "sampler": dict(_PAIRS) if pairs else {"kind": "random"},
        "recipe": _described(small=small),
    }


def _described(*, small: bool) -> dict[str, object]:
    size, resize = (_SMALL_SIZE_PX, _SMALL_RESIZE_PX) if small else (_SIZE_PX, _RESIZE_PX)
    return {"global": {"size_rule": "crop", "size_px": size, "resize_px": resize}}
