"""Near-duplicates of two lists: vectors propose, pixels decide, and unread photographs are passed over."""

import numpy as np
import pytest
from PIL import Image

from extract.photos import Photos
from retrieval import near_duplicates
from retrieval.same_shot import SAME


@pytest.fixture(scope="module")
def index(places):
    photos = Photos.read(places.index)
    wanted = [place for place, name in enumerate(photos.ids) if name in ("astronaut-00-a", "coffee-10-a")]
    return photos.select(wanted)


@pytest.fixture(scope="module")
def crops(index, tmp_path_factory):
    """A crop of each photograph of the index, the second one mirrored, and a file that is no photograph."""
    folder = tmp_path_factory.mktemp("crops")
    for place, path in enumerate(index.paths):
        image = Image.open(path).convert("RGB")
        crop = image.crop((0, 0, image.width * 4 // 5, image.height * 4 // 5))
        if place == 1:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        crop.save(folder / f"{place}.jpg")
    (folder / "2.jpg").write_bytes(b"no photograph")
    return Photos.from_folder(folder)


ALIKE = np.ones((3, 4), np.float32) / 2


def test_pixels_decide_between_candidates(crops, index):
    # All vectors are equal, so each photograph is a candidate for each crop.
    found = near_duplicates.find(crops, ALIKE, index, ALIKE[:2])
    assert list(zip(found.first, found.second, strict=True)) == [(0, 0), (1, 1)]
    assert (found.values >= SAME).all()


def test_what_vectors_do_not_propose_is_not_looked_at(crops, index):
    apart = np.eye(4, dtype=np.float32)
    assert not len(near_duplicates.find(crops, apart[:3], index, apart[2:]).first)
    assert not len(near_duplicates.find(crops, np.zeros((3, 4), np.float32), index, ALIKE[:2]).first)


def test_one_shot_is_told_from_another(crops, index):
    assert near_duplicates.is_one_shot(crops.paths[0], index.paths[0])
    # Mirrored.
    assert near_duplicates.is_one_shot(crops.paths[1], index.paths[1])
    assert not near_duplicates.is_one_shot(crops.paths[0], index.paths[1])
    assert not near_duplicates.is_one_shot(crops.paths[2], index.paths[0])
