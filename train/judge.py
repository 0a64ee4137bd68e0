"""How good embeddings are: each photograph asks all others, and a metric with its interval says how well."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluate import metrics
from evaluate.embeddings import Distance, outcome_from_vectors
from evaluate.figures import Figure, figures
from extract.photos import Photos
from train.errors import TrainingError

_ALL = "all queries"


@dataclass(frozen=True)
class Judged:
    """The figure of `metric` over the photographs that asked, with its 95 % BCa interval."""

    metric: str
    figure: Figure
    lower_is_better: bool

    def is_better_than(self, other: "Judged | None") -> bool:
        """Say whether the figure alone is the better one; anything is better than nothing."""
        if other is None:
            return True
        if self.lower_is_better:
            return self.figure.value < other.figure.value
        return self.figure.value > other.figure.value


def judge(
    vectors: NDArray[np.floating], labels: Sequence[str], metric: str, *, distance: Distance = "cosine"
) -> Judged:
    """Rank all others of `vectors` (N, D) for each of them, and judge by `labels`.

    A photograph that is alone in its class is left out, as there is nothing for it to find.

    Raises:
        TrainingError: fewer than two classes have two photographs, or an embedding has no direction.
        EvaluationError: there is no such metric.
    """
    counts = Counter(labels)
    rows = [row for row, label in enumerate(labels) if label and counts[label] > 1]
    kept = [labels[row] for row in rows]
    if len(set(kept)) < 2:
        raise TrainingError(
            f"validation needs two classes with two photos each, got {len(set(kept))}; "
            "hold more classes back (validation.share), or none (0)"
        )
    embeddings = np.asarray(vectors, np.float64)[rows]
    if distance == "cosine" and not embeddings.any(axis=1).all():
        raise TrainingError("an embedding for validation is zero and has no direction; lower optimiser.rate")
    judging = metrics.parse(metric)
    k = judging.depth or len(rows)
    outcome = outcome_from_vectors(
        embeddings, kept, embeddings, kept, k=k, exclude_self=True, distance=distance
    )
    found = figures([judging], outcome, {_ALL: np.ones(len(rows), np.bool_)})[_ALL]
    if judging.name not in found:
        raise TrainingError(
            f"validation.metric {metric!r} has no value on these photos; take another, e.g. map@100"
        )
    return Judged(judging.name, found[judging.name], judging.lower_is_better)


def at_most(photos: Photos, max_photos: int, seed: int) -> Photos:
    """Draw `max_photos` photographs by `seed` where there are more, as evenly over the classes as may be.

    Those that are alone in their class are left out first. The order of `photos` is kept.
    """
    counts = Counter(photos.labels)
    rng = np.random.default_rng(seed)
    turns = dict(zip(sorted(counts), rng.permutation(len(counts)).tolist(), strict=True))
    taken: Counter[str] = Counter()
    drawn: list[tuple[int, int, int]] = []
    for row in rng.permutation(len(photos)).tolist():
        label = photos.labels[row]
        if counts[label] > 1:
            # The first two of a class are drawn together: one alone finds nothing.
            drawn.append((max(1, taken[label]), turns[label], row))
            taken[label] += 1
    return photos.select(sorted(row for *_, row in sorted(drawn)[:max_photos]))
