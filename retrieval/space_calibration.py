"""The calibration of a space: from a distance to the chance that a label is right, kept beside the store."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluate.precision_recall import Curve
from extract import config as configs
from extract.errors import ConfigError, StoreError
from extract.lock import WriterLock
from extract.publish import publish
from extract.store import DescriptorStore
from extract.store_writer import INDEX, LOCK_NAME
from retrieval.classification import Classification, answers
from retrieval.labelled_vectors import LabelledVectors
from retrieval.presence import chance_of
from retrieval.tuning import places, presence_fit

FILE_NAME = "calibration.json"
FORMAT = 1
_FOLDS = 5
# Of the standard normal distribution: an interval of 95 %.
_REACH = 1.96


@dataclass(frozen=True)
class Calibration:
    """Chance of a label by its distance, for votes of `k` in a space of the recipe `digest`.

    Below `threshold` (0: never) a photograph counts as unknown; `precision` and `recall` of what is not,
    among photographs half of whose classes the space does not hold, come from classes that the curve was
    not fitted on, and `precision_low` is the lower end of the 95 % interval. `photos` were asked, `revision`
    is the store's at that time.
    """

    k: int
    slope: float
    intercept: float
    threshold: float
    precision: float
    precision_low: float
    recall: float
    photos: int
    digest: str
    revision: int

    def judged(self, found: Classification) -> Classification:
        """Give the classification with its chance."""
        chance = chance_of(-found.distance, self.slope, self.intercept)
        return replace(found, chance=chance, threshold=self.threshold)


def fit(
    known: LabelledVectors,
    asked: LabelledVectors,
    *,
    k: int,
    precision: float,
    seed: int,
    digest: str,
    revision: int,
) -> Calibration:
    """Ask each of `asked` twice, the second time with all photographs of its class left out of `known`.

    So each class plays the unknown. One that `known` holds under its id does not find itself. The threshold
    is that of the largest recall whose precision is at least `precision` by the lower end of its interval: a
    few answers that happen to be right are no ground for one. Source: the split is ours, the fit that of
    Platt, 1999 (see `retrieval.tuning.presence_fit`), the interval that of Wilson, 1927.

    Raises:
        ConfigError: too few photographs or classes, or every answer is wrong.
    """
    if not 0.0 < precision < 1.0:
        raise ConfigError(f"precision must lie between 0 and 1, got {precision}")
    classes, codes = np.unique(asked.labels, return_inverse=True)
    num_shared = len(set(known.labels) & set(asked.labels))
    if num_shared < 2:
        raise ConfigError(
            "a calibration leaves one class out at a time and needs at least 2 that the space and the "
            f"photographs share, got {num_shared}; give photographs of more classes"
        )
    of_class = {name: np.flatnonzero(np.array(known.labels) == name) for name in classes.tolist()}
    place_of = {name: place for place, name in enumerate(known.ids)}
    itself = [np.array([place_of[name]] if name in place_of else [], np.int64) for name in asked.ids]
    without = [np.union1d(own, of_class[label]) for own, label in zip(itself, asked.labels, strict=True)]
    answered = answers(known, asked.vectors, k, itself)
    strange = answers(known, asked.vectors, k, without)
    right = np.array([one.label == label for one, label in zip(answered, asked.labels, strict=True)])
    folds = places.folds(codes, min(_FOLDS, len(classes)), np.random.default_rng(seed))
    fitted = presence_fit.fit_scores(_closeness(answered), right, _closeness(strange), folds, precision, seed)
    threshold, reached, low, recall = _decide(fitted.curve, int(right.sum()), precision)
    return Calibration(
        k, fitted.slope, fitted.intercept, threshold, reached, low, recall, len(asked), digest, revision
    )


def _decide(curve: Curve, num_right: int, precision: float) -> tuple[float, float, float, float]:
    """Give threshold, precision, the lower end of its interval and recall; threshold 0: none will do."""
    lows = _low_ends(curve, num_right)
    enough = np.flatnonzero(lows >= precision)
    # Thresholds fall, so the last has the largest recall; that of the whole curve is 1.
    place = enough[-1] if len(enough) else -1
    threshold = float(curve.thresholds[place]) if len(enough) else 0.0
    return threshold, float(curve.precision[place]), float(lows[place]), float(curve.recall[place])


def _low_ends(curve: Curve, num_right: int) -> NDArray[np.float64]:
    """Give the lower ends (T,) of Wilson's intervals of the precision at each threshold."""
    shares, square = curve.precision, _REACH**2
    found = curve.recall * num_right
    # Where nothing was found the count of answers is lost, and the end is 0 with any.
    counts = np.divide(found, shares, out=np.ones_like(found), where=shares > 0)
    reach = _REACH * np.sqrt(shares * (1 - shares) / counts + square / (4 * counts**2))
    return np.asarray((shares + square / (2 * counts) - reach) / (1 + square / counts), np.float64)


def write(store: Path, calibration: Calibration) -> None:
    """Keep the calibration in the store's folder, in place of the last one.

    Raises:
        StoreError: it cannot be written, or another process writes to the store.
    """
    plain = {**asdict(calibration), "format": FORMAT}
    folder = store / INDEX
    with WriterLock(store / LOCK_NAME):
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {str(folder)!r}: {error.strerror}") from error
        publish(
            folder / FILE_NAME, json.dumps({**plain, "checksum": configs.digest(plain)}, indent=1).encode()
        )


def read(store: DescriptorStore) -> Calibration | None:
    """Read what is kept beside a store, None where there is nothing.

    Raises:
        StoreError: the file was cut or altered, or is of another recipe or program.
    """
    path = store.path / INDEX / FILE_NAME
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        checksum = plain.pop("checksum")
        if checksum != configs.digest(plain) or plain.pop("format") != FORMAT:
            raise ValueError
        calibration = configs.from_plain(Calibration, plain, "calibration")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, AttributeError, TypeError, ConfigError) as error:
        raise StoreError(
            f"{str(path)!r} was cut or altered; `retrieve calibrate {store.path} PHOTOS.csv` makes it again"
        ) from error
    if calibration.digest != store.digest:
        raise StoreError(
            f"{str(path)!r} was fitted with the recipe {calibration.digest}, the store has {store.digest}; "
            f"`retrieve calibrate {store.path} PHOTOS.csv` makes it again"
        )
    return calibration


def _closeness(found: Sequence[Classification]) -> NDArray[np.float64]:
    return np.array([-one.distance for one in found])
