"""The clean training list of GLDv2, CSV `landmark_id,images`: a record for each landmark."""

from array import array
from pathlib import Path

import numpy as np

from evaluate.errors import EvaluationError
from evaluate.formats.labels import LabelTable
from evaluate.tables import read_table


def read(path: Path) -> LabelTable:
    """Read the images in file order, each with its landmark as its label.

    Raises:
        EvaluationError: the file is unfit or lists no image, a landmark is empty, or an image is there twice.
    """
    label_of: dict[str, str] = {}
    lines = array("q")
    for line, (label, images) in read_table(path, ("landmark_id", "images")):
        if not label.strip():
            raise EvaluationError(f"{path}, line {line}: the landmark is empty; every record needs one")
        for image_id in images.split():
            if image_id in label_of:
                raise EvaluationError(
                    f"{path}, line {line}: the image {image_id!r} is there twice, first for the landmark "
                    f"{label_of[image_id]!r}; keep one of the two"
                )
            label_of[image_id] = label
            lines.append(line)
    if not label_of:
        raise EvaluationError(f"{path} lists no image; it must have the images of a landmark in each record")
    return LabelTable(
        tuple(label_of), tuple(label_of.values()), {}, np.array(lines, dtype=np.int64), str(path)
    )
