import importlib.util
import io
import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from extract.errors import PhotoError
from extract.images import Config, Photo, decode
from extract.picture_formats import picture_format

CONFIG = Config(max_side_px=60)
PICTURE = Image.fromarray(data.astronaut()[100:164, 200:248])
KINDS = {
    "JPEG": ("JPEG", {}),
    "JPEG progressive": ("JPEG", {"progressive": True}),
    "JPEG cmyk": ("JPEG", {"mode": "CMYK"}),
    "JPEG grey": ("JPEG", {"mode": "L"}),
    "PNG": ("PNG", {}),
    "PNG palette": ("PNG", {"mode": "P"}),
    "WEBP": ("WEBP", {}),
    "WEBP lossless": ("WEBP", {"lossless": True}),
    "TIFF": ("TIFF", {}),
    "TIFF lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "TIFF jpeg": ("TIFF", {"compression": "jpeg"}),
    "TIFF deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "GIF": ("GIF", {}),
    "BMP": ("BMP", {}),
    "AVIF": ("AVIF", {}),
}
if importlib.util.find_spec("pillow_heif"):
    KINDS["HEIC"] = ("HEIF", {})


@pytest.fixture(scope="module")
def files():
    if "HEIC" in KINDS:
        import pillow_heif

        pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[274] = 6
    found = {}
    for name, (kind, options) in KINDS.items():
        options = dict(options)
        buffer = io.BytesIO()
        PICTURE.convert(options.pop("mode", "RGB")).save(buffer, kind, exif=exif.tobytes(), **options)
        found[name] = buffer.getvalue()
    return found


def attempt(file):
    """The photo, or None where it is refused as it should be: one short line, no address of an object."""
    try:
        photo = decode(bytes(file), CONFIG)
    except PhotoError as error:
        text = str(error)
        assert 0 < len(text) < 220
        assert "\n" not in text
        assert " at 0x" not in text
        return None
    assert isinstance(photo, Photo)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3
    assert 1 <= max(photo.pixels.shape[:2]) <= CONFIG.max_side_px
    return photo


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_file_is_refused_or_whole(files, kind):
    file = files[kind]
    whole = attempt(file).pixels
    cuts = {*range(64), *range(0, len(file), 1 + len(file) // 150), *range(len(file) - 40, len(file))}
    refused = 0
    for cut in sorted(cuts):
        photo = attempt(file[:cut])
        if photo is None:
            refused += 1
        else:
            np.testing.assert_array_equal(photo.pixels, whole)
    assert refused > 150  # of about 250; a file may end in bytes that do not matter


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bits_give_a_photo_or_an_error(files, kind):
    rng = random.Random(7)
    for _ in range(200):
        file = bytearray(files[kind])
        for _ in range(rng.choice([1, 1, 3, 20])):
            file[rng.randrange(len(file))] ^= 1 << rng.randrange(8)
        attempt(file)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_headers_give_a_photo_or_an_error(files, kind):
    rng = random.Random(8)
    for _ in range(200):
        file = bytearray(files[kind])
        start = rng.randrange(4, 160)
        change = rng.choice(["drop", "insert", "fill"])
        if change == "drop":
            del file[start : start + rng.randrange(1, 30)]
        elif change == "insert":
            file[start:start] = rng.randbytes(rng.randrange(1, 30))
        else:
            file[start : start + 4] = rng.choice([b"\0" * 4, b"\xff" * 4, b"\x7f" + b"\xff" * 3])
        attempt(file)


SIGNATURES = [
    b"",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"II*\0\x08\0\0\0",
    b"MM\0+",
    b"BM",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SIGNATURES), st.binary(max_size=300))
def test_random_bytes_give_a_photo_or_an_error(signature, rest):
    attempt(signature + rest)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG progressive", "JPEG grey"])
def test_bytes_too_many_do_no_harm(files, kind):
    whole = decode(files[kind], CONFIG).pixels
    tables = files[kind].index(b"\xff\xc4")
    for file in (
        files[kind] + b"behind the end",
        files[kind][:tables] + bytes(3) + files[kind][tables:],  # libjpeg warns of these
    ):
        np.testing.assert_array_equal(decode(file, CONFIG).pixels, whole)


def test_half_a_photograph_is_refused():
    buffer = io.BytesIO()
    Image.fromarray(data.coffee()).save(buffer, "JPEG")
    with pytest.raises(PhotoError, match=r"cut off or damaged: .*truncated"):
        decode(buffer.getvalue()[: len(buffer.getvalue()) // 2], Config())


def test_empty_file_and_text_are_refused():
    with pytest.raises(PhotoError, match=r"^empty file$"):
        decode(b"", CONFIG)
    for text in (
        b"hello",
        b"<html>404</html>",
        b"BMW is a car, long enough for a header " * 9,
        b"\xff",
        bytes(99),
    ):
        with pytest.raises(PhotoError, match="not a picture that we can read"):
            decode(text, CONFIG)


def test_film_in_the_container_of_heic_is_refused():
    with pytest.raises(PhotoError, match="not a picture that we can read"):
        decode(b"\0\0\0\x18ftypisom\0\0\x02\0mp41avc1" + bytes(500), CONFIG)


def test_avif_and_heic_are_told_apart_by_all_brands():
    assert picture_format(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "AVIF"
    assert picture_format(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic") == "HEIC"


def test_heic_without_its_package_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match=r"^HEIC needs the package pillow-heif$"):
        decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), CONFIG)


def test_any_exception_of_a_codec_becomes_one_short_line(files, monkeypatch):
    for error in (
        struct.error("a\nb"),
        SyntaxError(),
        RuntimeError("x" * 999),
        AssertionError(),
        RecursionError(),
    ):

        def load(self, error=error):
            raise error

        monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
        assert attempt(files["PNG"]) is None


def test_lack_of_memory_is_named(files, monkeypatch):
    def load(self):
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    with pytest.raises(PhotoError, match=r"^48 x 64 is too large for the memory$"):
        decode(files["PNG"], CONFIG)


def test_interruption_is_not_swallowed(files, monkeypatch):
    def load(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    with pytest.raises(KeyboardInterrupt):
        decode(files["PNG"], CONFIG)
