import importlib.util
import io
import os
import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
import sklearn
from PIL import Image
from skimage import data

from extract.errors import ConfigError, PhotoError
from extract.images import Config, Photo, decode, read_bytes, read_photo

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 40), (30, 40, 210), (250, 250, 250)
CORNERS = {
    frozenset(("top", "left")): RED,
    frozenset(("top", "right")): GREEN,
    frozenset(("bottom", "left")): BLUE,
    frozenset(("bottom", "right")): WHITE,
}
OPPOSITE = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
# EXIF 2.32, tag 274: what the stored row 0 and the stored column 0 are, seen upright
ROW_AND_COLUMN = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}
LOSSLESS = {"PNG": {}, "TIFF": {}, "TIFF lzw": {"compression": "tiff_lzw"}, "WEBP": {"lossless": True}}
LOSSY = {"JPEG": {"quality": 95}, "JPEG progressive": {"quality": 95, "progressive": True}, "AVIF": {}}
HEIC = {"HEIF": {}} if importlib.util.find_spec("pillow_heif") else {}
FULL = Config(max_side_px=100_000)


def encoded(image, kind="PNG", **options):
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    options = {**LOSSLESS, **LOSSY, **HEIC}.get(kind, {}) | options
    buffer = io.BytesIO()
    image.save(buffer, kind.split()[0], **options)
    return buffer.getvalue()


def plain(colour, width=40, height=24):
    return Image.new("RGB", (width, height), colour)


def photograph(name):
    return (Path(sklearn.__file__).parent / "datasets/images" / name).read_bytes()


def stored(orientation):
    """The picture 48 x 32 with the corners above, as a camera that notes `orientation` stores it."""
    row, column = ROW_AND_COLUMN[orientation]
    width, height = (48, 32) if orientation <= 4 else (32, 48)
    pixels = np.zeros((height, width, 3), np.uint8)
    for y, vertical in ((slice(0, height // 2), row), (slice(height // 2, height), OPPOSITE[row])):
        for x, across in ((slice(0, width // 2), column), (slice(width // 2, width), OPPOSITE[column])):
            pixels[y, x] = CORNERS[frozenset((vertical, across))]
    return Image.fromarray(pixels)


def exif(orientation):
    tags = Image.Exif()
    tags[274] = orientation
    return tags.tobytes()


@pytest.mark.parametrize("max_side_px", [1024, 24])
@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY, *HEIC])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_turned_upright(kind, orientation, max_side_px):
    file = encoded(stored(orientation), kind, exif=exif(orientation))
    photo = decode(file, Config(max_side_px=max_side_px))
    assert (photo.width, photo.height) == (48, 32)
    height, width = photo.pixels.shape[:2]
    assert (width, height) == ((48, 32) if max_side_px == 1024 else (24, 16))
    found = [photo.pixels[y, x] for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)]
    np.testing.assert_allclose(found, [RED, GREEN, BLUE, WHITE], atol=14)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_orientation_is_taken_as_upright(orientation):
    photo = decode(encoded(stored(1), "JPEG", exif=exif(orientation)), Config())
    np.testing.assert_allclose(photo.pixels[8, 8], RED, atol=14)


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY, *HEIC, "BMP", "GIF"])
def test_red_stays_red(kind):
    photo = decode(encoded(plain(RED), kind), Config())
    assert np.abs(photo.pixels.astype(int) - RED).max() <= (0 if kind in {*LOSSLESS, "BMP", "GIF"} else 6)
    assert photo.pixels.shape == (24, 40, 3)


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_pixels_are_contiguous_writable_bytes(kind):
    for max_side_px in (1024, 16):
        pixels = decode(encoded(stored(6), kind), Config(max_side_px=max_side_px)).pixels
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        assert pixels.flags.writeable


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize(("size", "bounded"), [((640, 427), (100, 67)), ((427, 640), (67, 100))])
def test_longest_side_is_bounded_and_the_original_size_kept(kind, size, bounded):
    photo = decode(encoded(plain(RED, *size), kind), Config(max_side_px=100))
    assert photo.pixels.shape == (*bounded[::-1], 3)
    assert (photo.width, photo.height) == size


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_smaller_photo_is_not_enlarged(kind):
    assert decode(encoded(plain(RED), kind), Config(max_side_px=41)).pixels.shape == (24, 40, 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "JPEG"])
@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (2, 5_000)])
def test_extreme_shapes_keep_a_pixel_on_each_side(kind, size):
    photo = decode(encoded(plain(RED, *size), kind), Config())
    width, height = (min(side, 1024) for side in size)
    assert photo.pixels.shape == ((height, width, 3) if min(size) == 1 else (1024, 1, 3))
    assert (photo.width, photo.height) == size
    assert np.abs(photo.pixels.astype(int) - RED).max() <= 6


# The limits are about 1.7 times what Lanczos differs from area resize on these two photos. With the padding
# that libjpeg adds to 427 rows left in, it is 5.8 and 6.2 grey levels for china at 200 and 80 px.
@pytest.mark.parametrize(("name", "limit"), [("china.jpg", 4.3), ("flower.jpg", 2.4)])
@pytest.mark.parametrize("max_side_px", [600, 400, 256, 200, 100, 80])
def test_scaled_jpeg_looks_like_a_full_decode_with_area_resize(name, limit, max_side_px):
    jpeg = photograph(name)
    whole = simplejpeg.decode_jpeg(jpeg)
    size = (max_side_px, round(whole.shape[0] * max_side_px / whole.shape[1]))
    slow = cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(int)
    fast = decode(jpeg, Config(max_side_px=max_side_px)).pixels
    assert np.abs(fast - slow).mean() < limit


def test_large_picture_that_is_reduced_first_looks_like_one_area_resize():
    whole = np.tile(data.coffee(), (3, 3, 1))
    slow = cv2.resize(whole, (300, 200), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(decode(encoded(Image.fromarray(whole)), Config(max_side_px=300)).pixels - slow).mean() < 1.0


def test_unscaled_jpeg_equals_pillow():
    jpeg = photograph("china.jpg")
    np.testing.assert_array_equal(decode(jpeg, Config()).pixels, np.asarray(Image.open(io.BytesIO(jpeg))))


def test_lossless_photograph_comes_back_exactly():
    for kind in LOSSLESS:
        pixels = decode(encoded(Image.fromarray(data.astronaut()), kind), Config()).pixels
        np.testing.assert_array_equal(pixels, data.astronaut())


def test_content_decides_and_not_the_suffix(tmp_path):
    (tmp_path / "a.gif").write_bytes(encoded(plain(RED)))
    np.testing.assert_array_equal(read_photo(tmp_path / "a.gif", Config()).pixels[0, 0], RED)


def test_threads_give_the_pixels_that_one_thread_gives():
    files = [photograph("china.jpg"), photograph("flower.jpg"), encoded(Image.fromarray(data.coffee()))] * 6
    config = Config(max_side_px=200)
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(lambda file: decode(file, config).pixels, files))
    for file, pixels in zip(files, parallel, strict=True):
        np.testing.assert_array_equal(pixels, decode(file, config).pixels)


def header_of_png(width, height):
    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(99)))


def test_picture_above_the_limit_is_refused_by_its_header(monkeypatch):
    def load(self):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    start = time.perf_counter()
    with pytest.raises(PhotoError, match=r"^60000 x 60000 is above the limit of 200,000,000 pixels$"):
        decode(header_of_png(60000, 60000), Config())
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY, *HEIC, "BMP", "GIF"])
def test_limit_is_held_in_every_format(kind):
    file = encoded(plain(RED), kind)
    assert decode(file, Config(max_pixels=960)).width == 40
    with pytest.raises(PhotoError, match="40 x 24 is above the limit of 959 pixels"):
        decode(file, Config(max_pixels=959))


def test_our_limit_holds_and_not_that_of_pillow(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for kind in ("PNG", "JPEG", "BMP"):  # Config says which others Pillow limits itself
        assert decode(encoded(plain(RED), kind), Config()).width == 40
    assert Image.MAX_IMAGE_PIXELS == 100


def test_files_that_cannot_be_opened_say_why(tmp_path):
    for path, reason in (
        (tmp_path / "none.jpg", "no such file"),
        (tmp_path, "not a file"),
        (tmp_path / "a\0b.jpg", "zero byte"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
    ):
        with pytest.raises(PhotoError, match=reason) as caught:
            read_bytes(path)
        assert str(tmp_path) not in str(caught.value)


def test_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="not a file"):
        read_photo(tmp_path / "pipe.jpg", Config())


def test_no_permission_is_named(tmp_path, monkeypatch):
    def stat(path):  # permission bits do not stop root, who runs these tests in containers
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", stat)
    with pytest.raises(PhotoError, match=r"^no permission to read it$"):
        read_bytes("a.jpg")


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "10", None])
def test_config_out_of_range_is_named(value):
    with pytest.raises(ConfigError, match=r"images\.max_side_px must be .* got"):
        Config(max_side_px=value)
    with pytest.raises(ConfigError, match=r"images\.max_pixels must be .* got"):
        Config(max_pixels=value)


def test_bound_beyond_any_picture_is_no_bound():
    assert isinstance(decode(encoded(plain(RED), "JPEG"), Config(max_side_px=2**70)), Photo)


def test_import_is_light():
    code = (
        "import sys, extract.images, extract.photos;"
        "sys.exit(bool({'PIL', 'cv2', 'simplejpeg', 'pillow_heif'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
