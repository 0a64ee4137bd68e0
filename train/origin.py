"""What a run was begun with: it goes on with nothing else."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from extract import config as configs
from extract.photos import Photos
from train.recipe import TrainRecipe

# Raised by one whenever the same recipe, data and seed would come to other weights than before.
TRAINING_VERSION = 1


@dataclass(frozen=True)
class Origin:
    """The training recipe as it stands in TOML, a hash of the photographs, the version of the code."""

    recipe: Mapping[str, object]
    data: str
    version: int

    @classmethod
    def of(cls, recipe: TrainRecipe, photos: Photos) -> "Origin":
        """Take a resolved recipe and photographs; of their files the lengths count."""
        return cls(json.loads(json.dumps(recipe.to_plain())), _hash(photos), TRAINING_VERSION)

    def difference(self, now: "Origin") -> str:
        """Say by what a run that began so differs from one that begins `now`; '' where by nothing."""
        # Version first: between versions the settings themselves may have other names.
        if self.version != now.version:
            return f"version {self.version} of the training code, and this is version {now.version}"
        different = configs.differences(_counted(self.recipe), _counted(now.recipe))
        if different:
            return f"another recipe ({'; '.join(different)})"
        return "" if self.data == now.data else "other photographs (ids, labels or files differ)"


def _counted(recipe: Mapping[str, object]) -> dict[str, object]:
    return configs.without_paths({key: value for key, value in recipe.items() if key != "name"})


def _hash(photos: Photos) -> str:
    digest = hashlib.sha256()
    for photo_id, label, path in zip(photos.ids, photos.labels, photos.paths, strict=True):
        digest.update(json.dumps([photo_id, label, _num_bytes(path)]).encode())
    return digest.hexdigest()[:16]


def _num_bytes(path: str) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        # Found out again where it is read.
        return -1
