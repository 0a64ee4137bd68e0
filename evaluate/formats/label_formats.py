"""The formats that tell which class each image shows, by the name that `detect` gives them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from evaluate.formats import cub, detect, folders, labels, landmark_lists, sop, tiny_imagenet
from evaluate.formats.labels import LabelTable

READERS: Mapping[str, Callable[[Path], LabelTable]] = {
    "labels": labels.read,
    "landmark-lists": landmark_lists.read,
    "folder": folders.read,
    "tiny-imagenet": tiny_imagenet.read,
    "sop": sop.read,
    "cub": cub.read,
}


def read_list(path: Path) -> LabelTable:
    """Read a list of images, with labels or without: CSV with a column id, or any format that has labels.

    Raises:
        EvaluationError: the file or folder is unfit.
    """
    if path.is_dir():
        return READERS[detect.truth_format(path)](path)
    return labels.read(path, needs_labels=False)
