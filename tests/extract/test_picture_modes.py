import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from extract.images import Config, decode

RED, BLUE = (220, 30, 30), (30, 40, 210)


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(file):
    return decode(file, Config()).pixels


def plain(colour, mode="RGB"):
    return Image.new(mode, (8, 8), colour)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize("colour", [RED, BLUE, (0, 0, 0), (255, 255, 255), (10, 200, 120)])
def test_cmyk_keeps_its_colour(kind, colour):
    found = pixels(encoded(plain(colour).convert("CMYK"), kind))
    assert np.abs(found.astype(int) - colour).max() <= 4


def test_cmyk_photograph_looks_like_itself():
    photo = Image.fromarray(data.astronaut())
    found = pixels(encoded(photo.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(found.astype(int) - data.astronaut()).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "GIF", "BMP"])
def test_grey_has_three_equal_channels(kind):
    found = pixels(encoded(plain(77, "L"), kind))
    assert found.shape == (8, 8, 3)
    np.testing.assert_array_equal(found, 77)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_black_and_white_is_0_and_255(kind):
    image = Image.new("1", (8, 8))
    image.putpixel((3, 2), 1)
    found = pixels(encoded(image, kind))
    assert found[2, 3].tolist() == [255, 255, 255]
    assert found.sum() == 3 * 255


DEEP = np.tile(np.array([0, 255, 256, 0x1234, 0x8000, 65535], np.uint16), (6, 1))
HIGH_BYTES = [0, 0, 1, 0x12, 0x80, 255]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_gives_its_high_byte(kind):
    found = pixels(encoded(Image.fromarray(DEEP), kind))
    np.testing.assert_array_equal(found, np.tile(np.array(HIGH_BYTES)[None, :, None], (6, 1, 3)))


def test_16_bit_grey_in_big_endian_gives_its_high_byte():
    found = pixels(encoded(Image.frombytes("I;16B", (6, 6), DEEP.astype(">u2").tobytes()), "TIFF"))
    assert found[0, :, 1].tolist() == HIGH_BYTES


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_colour_gives_its_high_bytes(suffix):
    deep = np.stack([DEEP, DEEP // 2, DEEP // 4], axis=2)
    _, file = cv2.imencode(suffix, deep[:, :, ::-1])
    np.testing.assert_array_equal(pixels(file.tobytes()), deep >> 8)


def test_16_bit_grey_with_alpha_is_read():
    deep = np.dstack([np.full((8, 8), 0x4000, np.uint16)] * 3 + [np.full((8, 8), 65535, np.uint16)])
    _, file = cv2.imencode(".png", deep)
    np.testing.assert_array_equal(pixels(file.tobytes()), 0x40)


def test_integers_within_16_bits_give_their_high_byte():
    found = pixels(encoded(Image.fromarray(DEEP.astype(np.int32)), "TIFF"))
    assert found[0, :, 0].tolist() == HIGH_BYTES


def test_integers_beyond_16_bits_are_stretched_over_their_range():
    values = np.array([[-1_000_000, 0, 1_000_000, 3_000_000]], np.int32)
    # (0 + 1e6) / 4e6 * 255 = 63.75, twice that is 127.5
    assert pixels(encoded(Image.fromarray(values), "TIFF"))[0, :, 2].tolist() == [0, 64, 128, 255]


def test_floats_are_stretched_over_their_finite_range():
    values = np.array([[np.nan, -2.0, 0.0, 2.0, np.inf, -np.inf]], np.float32)
    assert pixels(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 0, 128, 255, 0, 0]


@pytest.mark.parametrize("values", [[[5.0, 5.0]], [[np.nan, np.inf]], [[3.4e38, 3.4e38]]])
def test_floats_without_a_range_are_black(values):
    assert pixels(encoded(Image.fromarray(np.array(values, np.float32)), "TIFF")).max() == 0


def test_floats_of_extreme_range_are_stretched():
    values = np.array([[-3.4e38, 3.4e38]], np.float32)
    assert pixels(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 255]


def test_palette_gives_its_colours():
    image = plain(BLUE)
    image.putpixel((0, 0), RED)
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        found = pixels(encoded(image.quantize(2), kind))
        assert found[0, 0].tolist() == list(RED)
        assert found[5, 5].tolist() == list(BLUE)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_transparent_entry_of_a_palette_becomes_white(kind):
    image = plain(BLUE)
    image.putpixel((0, 0), RED)
    palette = image.quantize(2)
    found = pixels(encoded(palette, kind, transparency=palette.getpixel((0, 0))))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[5, 5].tolist() == list(BLUE)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_alpha_is_laid_on_white(kind, options):
    image = plain((*BLUE, 255), "RGBA")
    image.putpixel((0, 0), (*RED, 0))
    image.putpixel((1, 0), (0, 0, 0, 51))
    found = pixels(encoded(image, kind, **options))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[0, 1].tolist() == [204, 204, 204]  # a fifth black, four fifths white
    assert found[5, 5].tolist() == list(BLUE)


def test_grey_with_alpha_is_laid_on_white():
    image = plain((100, 255), "LA")
    image.putpixel((0, 0), (0, 0))
    found = pixels(encoded(image))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[5, 5].tolist() == [100, 100, 100]


@pytest.mark.parametrize(("mode", "paper", "ink"), [("RGB", BLUE, RED), ("L", 90, 7)])
def test_transparent_colour_becomes_white(mode, paper, ink):
    image = plain(paper, mode)
    image.putpixel((0, 0), ink)
    found = pixels(encoded(image, transparency=ink))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[5, 5].tolist() == list(plain(paper, mode).convert("RGB").getpixel((0, 0)))


def test_alpha_of_a_large_picture_is_laid_on_white():
    image = Image.new("RGBA", (400, 200), (*RED, 0))
    image.paste((*BLUE, 255), (200, 0, 400, 200))
    found = decode(encoded(image), Config(max_side_px=40)).pixels
    assert found[10, 5].tolist() == [255, 255, 255]
    np.testing.assert_allclose(found[10, 35], BLUE, atol=1)


def test_lab_keeps_its_colour():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.buildTransform(*profiles, "RGB", "LAB").apply(plain(RED))
    np.testing.assert_allclose(pixels(encoded(lab, "TIFF"))[3, 3], RED, atol=4)


def test_ycbcr_keeps_its_colour():
    np.testing.assert_allclose(pixels(encoded(plain(RED).convert("YCbCr"), "TIFF"))[3, 3], RED, atol=3)


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("PNG", {})]
)
def test_first_frame_counts(kind, options):
    file = encoded(plain(RED), kind, save_all=True, append_images=[plain(BLUE)], **options)
    np.testing.assert_array_equal(pixels(file), np.broadcast_to(np.uint8(RED), (8, 8, 3)))
