"""all-together: the study's findings combined on a tiny set, asked about trained and about unseen classes."""

from extract.errors import PhotosError
from retrieval.experiments import _data
from retrieval.experiments import _embedding_runs as runs
from retrieval.experiments import _embedding_study as study
from retrieval.experiments._kept import Measured
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm, Measure, Study
from train import labelled_photos

_SWIN, _PX, _DIM, _FACTOR = "swin_base_patch4_window7_224", 224, 1024, 16
_SAMPLES, _QUERIES = 20, 230
_SMALL_SAMPLES, _SMALL_CLASSES_STEP = 10, 10
# The classes that the study leaves out of training.
_UNSEEN = ("Air intake", "Dashboard", "Tail light", "Gear stick")
_TRAINED, _ALL = Measure("trained classes", "knn-f1"), Measure("all classes", "knn-f1")
_STUDIED = {_TRAINED.name: (0.995,), _ALL.name: (0.975,)}

STUDY = Study(
    title="Combining the observations",
    source="Kreussel 2022, section 4.8",
    question="Can 20 photographs of each of 4 classes tune a network that also knows 4 other classes?",
    data="the car parts, a folder a class",
    measures=(_TRAINED, _ALL),
    arms=(
        Arm(
            "all together",
            _STUDIED,
            {
                "train": study.training(
                    _SWIN, dim=_DIM, size_px=_PX, policy="randaugment", copies=_FACTOR, batch_size=32
                )
            },
        ),
        study.not_tuned(_SWIN, _PX),
    ),
    small_arms=(
        Arm(
            "all together",
            _STUDIED,
            {"train": study.small_training(dim=_DIM, policy="randaugment", copies=_FACTOR, epochs=2)},
        ),
        study.not_tuned(),
    ),
    small_data=(
        f"Small data: 9 classes of groceries, {_SMALL_SAMPLES} photographs each to search, the others to "
        "ask; every other class is trained."
    ),
    stand_in=study.STAND_IN,
)


def run(arm: Arm, work: Work) -> Measured:
    """Train on few photographs of few classes; search among them, then with the unseen classes added."""
    return runs.voted(arm, work, _cuts(work))


def _cuts(work: Work) -> dict[str, _data.Cut]:
    if work.small:
        photos = _data.groceries(work.data)
        classes = _data.classes_of(photos)[::_SMALL_CLASSES_STEP]
        photos = _data.of_classes(photos, classes)
        samples, trained = _SMALL_SAMPLES, classes[::2]
    else:
        # The same for every seed, so that all are asked the same.
        photos = _data.drawn_per_class(labelled_photos.read(work.data), _SAMPLES + _QUERIES, 0)
        classes = _data.classes_of(photos)
        missing = set(_UNSEEN) - set(classes)
        if missing:
            raise PhotosError(
                f"{str(work.data)!r} has no class {min(missing)!r}, which is to stay unseen; name the "
                "classes as the car parts do"
            )
        samples, trained = _SAMPLES, [name for name in classes if name not in _UNSEEN]
    database = _data.per_class(photos, 0, samples)
    queries = _data.without(photos, database)
    train = _data.of_classes(database, trained)
    return {
        _TRAINED.name: _data.Cut(train, train, _data.of_classes(queries, trained)),
        _ALL.name: _data.Cut(train, database, queries),
    }
