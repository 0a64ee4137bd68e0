"""zero-shot: a network tuned on one data set, asked about another whose classes it has never seen."""

from retrieval.experiments import _data
from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Study
from train import labelled_photos

_SWIN, _PX, _FACTOR = "swin_base_patch4_window7_224", 224, 4
_PHOTOS, _SMALL_PHOTOS, _SMALL_TRAINED = 100, 24, 10
_TUNED = study.training(_SWIN, size_px=_PX, policy="randaugment", copies=_FACTOR, epochs=1)
_SMALL_TUNED = study.small_training(policy="randaugment", copies=_FACTOR, epochs=1)
_CARS, _TINY = "carparts", "tiny-imagenet-200"

STUDY = Study(
    title="Zero-shot capabilities",
    source="Kreussel 2022, section 4.7",
    question="Does a network tuned on one data set embed another one, of classes that it has never seen?",
    data=f"a folder that holds {_TINY} and {_CARS} (a folder a class)",
    measures=(study.F1,),
    arms=(
        Arm("tuned", study.studied(0.865), {"train": _TUNED}),
        study.not_tuned(_SWIN, _PX),
    ),
    small_arms=(
        Arm("tuned", study.studied(0.865), {"train": _SMALL_TUNED}),
        study.not_tuned(),
    ),
    small_data=(
        f"Small data: tuned on {_SMALL_TRAINED} photographs of each of 41 classes of groceries, asked about "
        "20 of the 40 others, half of each class to search and half to ask."
    ),
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Tune where the arm does, then let neighbours vote in the other data set."""
    return runs.voted_f1(arm, work, _cut(work))


def _cut(work: Work) -> _data.Cut:
    if work.small:
        everything = _data.groceries(work.data)
        train = _data.where(everything, "zs_split", "train")
        unseen = _data.where(everything, "zs_split", "test")
        unseen = _data.per_class(_data.of_classes(unseen, _data.classes_of(unseen)[::2]), 0, _SMALL_PHOTOS)
        half = _SMALL_PHOTOS // 2
        train = _data.drawn_per_class(train, _SMALL_TRAINED, work.seed)
    else:
        train = _data.tiny_imagenet_classes(work.data / _TINY, 0)
        # Which hundred is not said; the same for every seed, so that all are asked the same.
        unseen = _data.drawn_per_class(labelled_photos.read(work.data / _CARS), _PHOTOS, 0)
        half = _PHOTOS // 2
    database = _data.per_class(unseen, 0, half)
    return _data.Cut(train, database, _data.without(unseen, database))
