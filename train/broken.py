"""Photographs that training met and could not read."""

from collections.abc import Iterable

from train.errors import TrainingError

_LISTED = 3


class BrokenPhotos:
    """What could not be read so far, by id; others of the same class stand in for them."""

    def __init__(self, num_photos: int, known: Iterable[tuple[str, str]] = ()) -> None:
        self._num_photos = num_photos
        self._reasons = dict(known)

    @property
    def failures(self) -> tuple[tuple[str, str], ...]:
        """Ids and reasons, sorted by id."""
        return tuple(sorted(self._reasons.items()))

    def add(self, failures: Iterable[tuple[str, str]]) -> None:
        """Note photographs that failed (id, reason).

        Raises:
            TrainingError: more than half of all photographs have failed.
        """
        self._reasons.update(failures)
        if 2 * len(self._reasons) > self._num_photos:
            raise TrainingError(
                f"{len(self._reasons)} of {self._num_photos} photos cannot be read ({self._listed()}); "
                "mend the data or the paths to it"
            )

    def refuse_class(self, label: str) -> None:
        """Stop for a class of which no photograph is left.

        Raises:
            TrainingError: always.
        """
        raise TrainingError(
            f"no photo of the class {label!r} can be read ({self._listed()}); mend them or take the class out"
        )

    def _listed(self) -> str:
        texts = [f"{photo_id!r}: {reason}" for photo_id, reason in self.failures[:_LISTED]]
        return "; ".join([*texts, "..."] if len(self._reasons) > _LISTED else texts)
