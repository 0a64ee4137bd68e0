"""Ask with a part of a photograph: the boxes of revisited Oxford and Paris, cut out before description."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.errors import EvaluationError
from extract import images
from extract.errors import PhotoError
from extract.photos import Photos

# Boxes are in pixels of the file, so it is decoded at its own size.
_WHOLE = images.Config(max_side_px=images.Config().max_pixels)


def cropped(photos: Photos, boxes: Mapping[str, FloatArray], folder: Path) -> Photos:
    """Cut the box x1, y1, x2, y2 out of each photograph that has one, into PNG files in `folder`.

    The corners are rounded to pixels, as the reference program does. A photograph that cannot be read stays
    what it is, for whoever describes it to tell.

    Raises:
        EvaluationError: a box lies outside of its photograph.
    """
    from PIL import Image

    paths = list(photos.paths)
    for place, (name, path) in enumerate(zip(photos.ids, photos.paths, strict=True)):
        box = boxes.get(name)
        if box is None or not np.isfinite(box).all():
            continue
        try:
            photo = images.read_photo(path, _WHOLE)
        except PhotoError:
            continue
        left, top, right, bottom = np.rint(box).astype(int).tolist()
        part = photo.pixels[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        if not part.size:
            raise EvaluationError(
                f"the box {box.tolist()} of the query {name!r} lies outside of {path!r}, which has "
                f"{photo.width} x {photo.height} pixels; give the photograph that the truth was made for"
            )
        paths[place] = str(folder / f"{place}.png")
        Image.fromarray(np.ascontiguousarray(part)).save(paths[place], compress_level=1)
    return replace(photos, paths=tuple(paths))
