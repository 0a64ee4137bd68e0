"""Leaks between lists of photographs: hashes propose, and pixels decide where hashes are not sure."""

from contextlib import nullcontext

import cv2
import numpy as np
import pytest

from evaluate.perceptual_hash import PictureHashes
from extract import images
from extract.photos import Photos
from retrieval import leak_check


@pytest.fixture(scope="module")
def originals(places):
    """Pixels (H, W, 3) of two places by name, the second as large as the first."""
    photos = Photos.read(places.index)
    paths = dict(zip(photos.ids, photos.paths, strict=True))
    first, second = (
        images.read_photo(paths[name], images.Config()).pixels for name in ("astronaut-00-a", "coffee-10-a")
    )
    return {"astronaut": first, "coffee": cv2.resize(second, first.shape[1::-1])}


def layout_of(outline, detail, sigma):
    """Give another photograph the coarse light and dark of `outline`."""

    def coarse(pixels):
        return cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), sigma)

    return np.clip(coarse(outline) + detail - coarse(detail), 0, 255).astype(np.uint8)


@pytest.fixture
def photo(tmp_path):
    """Write pixels without loss; give the one photograph as a list, under any id."""

    def write(split, identifier, pixels):
        path = tmp_path / f"{split}.png"
        cv2.imwrite(str(path), pixels[..., ::-1])
        return Photos((identifier,), (str(path),), ("",), ({},))

    return write


def bits_apart(first, second):
    size = (32, 32)
    grey = [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for pixels in (first, second)]
    words = PictureHashes.of(
        np.array([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in grey])
    ).words
    return int(np.unpackbits((words[0] ^ words[1]).view(np.uint8)).sum())


def leaks(queries, index, train):
    done = leak_check.check(
        queries, index, train, progress=lambda what: nullcontext((lambda count: None, lambda failed: None))
    )
    return [(leak.kind, leak.split_a, leak.id_a, leak.split_b, leak.id_b) for leak in done.report.leaks]


@pytest.mark.parametrize(
    ("train_id", "expected"), [("t", []), ("i", [("same id", "train", "i", "index", "i")])]
)
def test_other_photographs_of_one_layout_are_not_the_same_picture(originals, photo, train_id, expected):
    # A refused picture leaves the word to the ids.
    other = layout_of(originals["astronaut"], originals["coffee"], 8)
    assert 32 < bits_apart(originals["astronaut"], other) <= 64
    query = photo("queries", "q", originals["coffee"][::-1])
    train = photo("train", train_id, other)
    assert leaks(query, photo("index", "i", originals["astronaut"]), train) == expected


def test_a_cropped_copy_whose_hash_is_as_far_off_is_the_same_picture(originals, photo):
    whole = originals["astronaut"]
    height, width = whole.shape[:2]
    cropped = whole[: height * 98 // 100, : width * 98 // 100]
    assert 32 < bits_apart(whole, cropped) <= 64
    query = photo("queries", "q", originals["coffee"])
    assert leaks(query, photo("index", "i", whole), photo("train", "i", cropped)) == [
        ("same picture", "train", "i", "index", "i")
    ]


def test_close_hashes_need_no_pixels(originals, photo, monkeypatch):
    monkeypatch.setattr(leak_check.near_duplicates, "is_one_shot", lambda first, second: False)
    toned = (originals["astronaut"] * 0.8 + 20).astype(np.uint8)
    assert bits_apart(originals["astronaut"], toned) <= 32
    query = photo("queries", "q", toned)
    assert leaks(query, photo("index", "i", originals["astronaut"]), None) == [
        ("same picture", "queries", "q", "index", "i")
    ]
