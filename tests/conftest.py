"""What tests share: settings of property tests, small real photographs, blocks, and a store at a glance."""

import dataclasses
import functools
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from extract import recipe as recipes
from extract import run
from extract.block import FAILED, Block, Records
from extract.features import Features, pack
from extract.photos import Photos
from extract.store import DescriptorStore

# A busy machine must not fail property tests, and runs repeat.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")

ROOT = Path(__file__).parent.parent
SIFT = {"max_keypoints": 30, "max_side_px": 64}


@functools.cache
def _scene(name):
    from skimage import data

    return Image.fromarray(getattr(data, name)())


@functools.cache
def _photograph(number):
    scene = _scene(("astronaut", "coffee", "chelsea", "rocket")[number % 4])
    left, top, width = np.random.default_rng(number).integers((0, 0, 120), (200, 100, 240))
    crop = scene.crop((left, top, left + width, top + width * 3 // 4)).resize((160, 120))
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def photograph():
    """Give the bytes of a JPEG of 160 x 120 pixels; each number is another part of a real photograph."""
    return _photograph


@pytest.fixture(scope="session")
def write_photos():
    """Write `count` photographs into `folder` and give them as Photos."""

    def write(folder, count, first=0):
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            (folder / f"{number:03d}.jpg").write_bytes(_photograph(number))
        return Photos.from_folder(folder)

    return write


@pytest.fixture(scope="session")
def thumbnails():
    """A recipe without a network."""
    return recipes.from_plain({"name": "thumbnails", "global": {"kind": "thumbnail"}})


@pytest.fixture(scope="session")
def thumbnails_and_sift():
    """A recipe without a network, with local features."""
    return recipes.from_plain({"global": {"kind": "thumbnail"}, "local": {"sift": SIFT}})


@pytest.fixture(scope="session")
def make_block():
    """Give a block of made-up descriptors, exact in half precision; the second photograph has no features."""

    def make(ids, seed=0, failed=(), **fields):
        rng = np.random.default_rng(seed)
        count = len(ids)
        values = {
            "ids": tuple(ids),
            "paths": tuple(f"/photos/{place}.jpg".encode() for place in range(count)),
            "labels": ("",) * count,
            "metadata": ("{}",) * count,
            "reasons": tuple("cut off" if place in failed else "" for place in range(count)),
            "statuses": np.array([FAILED * (place in failed) for place in range(count)], np.uint8),
            "content_hashes": rng.integers(0, 256, (count, 16), np.uint8),
            "sizes": rng.integers(1, 5000, (count, 2), np.int32),
            "file_bytes": rng.integers(1, 2**40, count, np.int64),
            "modified_ns": rng.integers(1, 2**62, count, np.int64),
        }
        vectors = rng.standard_normal((count, 192)).astype(np.float16).astype(np.float32)
        sift = pack([_features(rng, 0 if place == 1 else 1 + place % 3) for place in range(count)])
        return Block(Records(**{**values, **fields}), vectors, {"sift": sift})

    return make


def _features(rng, count):
    return Features(
        rng.random((count, 4), np.float32) * 100,
        rng.integers(0, 256, (count, 128), np.uint8),
        rng.random(count, np.float32),
    )


@pytest.fixture(scope="session")
def glance():
    """Give everything that a store says, but for the times of files, as plain values that compare by byte."""

    def look(path):
        store = DescriptorStore.open(path)
        seen = {
            field.name: getattr(store.records, field.name)
            for field in dataclasses.fields(Records)
            if field.name != "modified_ns"
        }
        seen |= {"vectors": store.vectors(), "current": store.current}
        if store.num_rows:
            for kind in store.recipe.local:
                packed = store.features(kind, np.arange(store.num_rows))
                seen |= {f"{kind} {name}": values for name, values in vars(packed).items()}
        return {
            name: (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value
            for name, value in seen.items()
        }

    return look


@pytest.fixture(scope="session")
def index_program(thumbnails_and_sift):
    """A program's beginning that defines `index(photos, store)`, which commits four photographs at a time."""
    return f"""
from extract import recipe, run
from extract.photos import Photos
run.MIN_BLOCK = 4
def index(photos, store, **options):
    plain = {thumbnails_and_sift.to_plain()!r}
    return run.run(Photos.read(photos), recipe.from_plain(plain), store, threads=2, **options)
"""


@pytest.fixture(scope="session")
def index(thumbnails_and_sift):
    """What `index_program` does, in this process."""

    def call(photos, store):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("extract.run.MIN_BLOCK", 4)
            return run.run(Photos.read(photos), thumbnails_and_sift, store, threads=2)

    return call


@pytest.fixture(scope="session")
def run_python():
    """Run a program in a process of its own; give what came of it."""

    def call(program, *arguments):
        command = [sys.executable, "-c", program, *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    return call
