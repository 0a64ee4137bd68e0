"""Two hundred broken photographs of every kind among good ones: nobody is shifted, nothing stops."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from extract import run
from extract.photos import Photos
from extract.store import DescriptorStore
from retrieval import Engine

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")


def encoded(image, kind):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def huge_png():
    """A PNG whose header claims 60,000 x 60,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def collection(places, tmp_path_factory):
    """The folder, the names of good photographs and those that must fail."""
    folder = tmp_path_factory.mktemp("mixed")
    rng = np.random.default_rng(0)
    originals = [Image.open(path).convert("RGB") for path in Photos.read(places.index).paths[:12]]
    good, broken, either = [], [], []
    for number, image in enumerate(originals):
        name = f"good-{number:03d}.jpg"
        image.save(folder / name, quality=90)
        good.append(name)
    for number in range(190):
        kind = FORMATS[number % len(FORMATS)]
        whole = encoded(originals[number % len(originals)], kind)
        cut = int(rng.integers(1, len(whole)))
        name = f"{number:03d}-cut-at-{cut}.{kind.lower()}"
        (folder / name).write_bytes(whole[:cut])
        # A cut that loses nothing but the trailing bytes of a container may still give a whole picture.
        (broken if cut < 0.9 * len(whole) else either).append(name)
    special = {
        "empty.jpg": b"",
        "text.jpg": b"this is not a picture\n" * 50,
        "zeros.png": bytes(5000),
        "bomb.png": huge_png(),
        "html.webp": b"<html><body>404</body></html>",
    }
    for name, content in special.items():
        (folder / name).write_bytes(content)
        broken.append(name)
    odd = {
        "dot.png": Image.new("RGB", (1, 1), "red"),
        "line.png": Image.new("RGB", (1, 20_000), "blue"),
        "wide.png": Image.new("RGB", (20_000, 1), "blue"),
    }
    for name, image in odd.items():
        image.save(folder / name)
        good.append(name)
    (folder / "png inside.jpg").write_bytes(encoded(originals[0], "PNG"))
    good.append("png inside.jpg")
    return folder, good, broken, either


def test_good_photos_are_described_as_if_alone(collection, small_recipe, tmp_path):
    folder, good, broken, either = collection
    photos = Photos.read(folder)
    summary = run.run(photos, small_recipe, tmp_path / "mixed")
    failed = {failure.id for failure in summary.failures}
    assert set(broken) <= failed <= set(broken) | set(either)
    assert len(failed) > 180
    assert all(failure.reason and "\n" not in failure.reason for failure in summary.failures)
    rows = {name: row for row, name in enumerate(photos.ids)}
    alone = photos.select([rows[name] for name in sorted(good)])
    run.run(alone, small_recipe, tmp_path / "alone")
    mixed, clean = DescriptorStore.open(tmp_path / "mixed"), DescriptorStore.open(tmp_path / "alone")
    mixed_rows = np.array([mixed.records.ids.index(name) for name in clean.records.ids])
    np.testing.assert_array_equal(mixed.vectors(mixed_rows), clean.vectors())
    ours, theirs = mixed.features("sift", mixed_rows), clean.features("sift", np.arange(clean.num_rows))
    np.testing.assert_array_equal(ours.descriptors, theirs.descriptors)
    np.testing.assert_array_equal(ours.offsets, theirs.offsets)
    hits = Engine.open(tmp_path / "mixed").query(folder / "good-007.jpg", k=300, rerank="none")
    assert hits[0].id == "good-007.jpg"
    assert not {hit.id for hit in hits} & failed
