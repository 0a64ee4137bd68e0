"""Run an arm of the embedding study: cut its data, train its network, and let neighbours vote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from retrieval.experiments import _data, _trained, _weights
from retrieval.experiments._data import Cut
from retrieval.experiments._embedding_study import F1, mapping
from retrieval.experiments._kept import Measured, Points
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm

if TYPE_CHECKING:
    from extract.photos import Photos
    from retrieval.experiments._trained import Vectors
    from train.network import EmbeddingNetwork

_NUM_CLASSES = 50
_EVERY_CLASS = 3
_NEIGHBOURS = 5


@dataclass(frozen=True, eq=False)
class ArmNetwork:
    """The network of an arm, the plain values of its recipe, and whether it began at random."""

    network: "EmbeddingNetwork"
    plain: Mapping[str, object]
    random_start: bool

    def embedded(self, photos: "Photos") -> "Vectors":
        """Embed `photos` (N), to (N, D).

        Raises:
            PhotosError: a photograph cannot be read.
        """
        return _trained.embedded(self.network, self.plain, photos)


def cut(work: Work) -> Cut:
    """Cut Tiny ImageNet as the study does, 400 of a class to train and 100 to ask; or the small set.

    Raises:
        RetrieveError: the data are not there, or unfit.
    """
    if work.small:
        photos = _data.groceries(work.data)
        photos = _data.of_classes(photos, _data.classes_of(photos)[::_EVERY_CLASS])
        train = _data.where(photos, "split", "train")
        return Cut(train, train, _data.where(photos, "split", "test"))
    photos = _data.tiny_imagenet_classes(work.data, _NUM_CLASSES)
    share = len(photos) // _NUM_CLASSES // 5
    train = _data.per_class(photos, 0, -share)
    return Cut(train, train, _data.per_class(photos, -share, None))


def drawn(arm: Arm, work: Work) -> Cut:
    """Cut as `cut` does, with the arm's number of `samples` of each class, drawn by the seed, to train."""
    whole = cut(work)
    train = _data.drawn_per_class(whole.train, number(arm, "samples"), work.seed)
    return Cut(train, train, whole.queries)


def network_of(arm: Arm, photos: "Photos", work: Work) -> ArmNetwork:
    """Give the arm's network: trained on `photos`, or as it comes where the arm trains nothing.

    Raises:
        RetrieveError: weights cannot be read, the photographs do not suit, or training fails.
    """
    is_trained = "train" in arm.settings
    plain, random_start = _weights.with_weights(
        mapping(arm.settings["train" if is_trained else "plain"]), work
    )
    run = _trained.trained(plain, photos, work) if is_trained else None
    return ArmNetwork(_trained.network_of(plain, run, work), plain, random_start)


def voted(arm: Arm, work: Work, cuts: Mapping[str, Cut]) -> Measured:
    """Let the five nearest of the database vote on each query, for each measure by its own cut.

    The network is trained on what the first cut trains on; the points are the queries of the last one.

    Raises:
        RetrieveError: the data do not suit, or a run fails.
    """
    made = network_of(arm, next(iter(cuts.values())).train, work)
    outcomes = {}
    for name, photos in cuts.items():
        vectors, asked = made.embedded(photos.database), made.embedded(photos.queries)
        outcomes[name] = _trained.searched(
            photos.queries, asked, photos.database.labels, vectors, _NEIGHBOURS
        )
    _trained.clear(work)
    return Measured(outcomes, Points(asked, photos.queries.labels), made.random_start)


def voted_f1(arm: Arm, work: Work, photos: Cut) -> Measured:
    """Train on the cut's training photographs, then measure F1 by the vote of its database."""
    return voted(arm, work, {F1.name: photos})


def number(arm: Arm, name: str) -> int:
    """Give a whole number of an arm's settings."""
    return cast(int, arm.settings[name])
