"""K-shot evaluation: a few photographs of classes that a space has not seen join it, the rest ask."""

import numpy as np
from numpy.typing import NDArray

from evaluate import embeddings
from evaluate.arrays import BoolArray
from extract.errors import PhotosError
from retrieval.labelled_vectors import LabelledVectors


def ask(
    known: LabelledVectors, unseen: LabelledVectors, shots: int, *, k: int, seed: int
) -> tuple[tuple[str, ...], BoolArray]:
    """Add `shots` photographs of each class of `unseen`, drawn with `seed`, to `known`; the others ask.

    Gives the ids (Q) that asked and whether their class was among their `k` nearest, (Q,). The known
    classes stay in the space, so that an unseen one has to stand out among them.

    Raises:
        PhotosError: a class has too few photographs.
        ValueError: `shots` or k is below 1.
    """
    support = _drawn(unseen.labels, shots, np.random.default_rng(seed))
    rest = np.setdiff1d(np.arange(len(unseen)), support)
    right = embeddings.k_shot(
        np.concatenate([known.vectors, unseen.vectors[support]]),
        [*known.labels, *(unseen.labels[place] for place in support)],
        unseen.vectors[rest],
        [unseen.labels[place] for place in rest],
        k,
    )
    return tuple(unseen.ids[place] for place in rest), right


def _drawn(labels: tuple[str, ...], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw places of `shots` photographs a class; one more must be left to ask."""
    if shots < 1:
        raise ValueError(f"shots must be at least 1, got {shots}")
    drawn: list[int] = []
    for name in sorted(set(labels)):
        places = [place for place, label in enumerate(labels) if label == name]
        if len(places) <= shots:
            raise PhotosError(
                f"the class {name!r} has {len(places)} photographs that can be read, too few to add {shots} "
                "and ask with another; take fewer shots or leave the class out"
            )
        drawn += rng.choice(places, shots, replace=False).tolist()
    return np.sort(np.array(drawn, np.int64))
