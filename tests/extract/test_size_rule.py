import cv2
import numpy as np
import pytest

from extract.size_rule import fit

ODD_SHAPES = [(1, 1), (1, 20_000), (20_000, 1), (2, 3), (1, 511), (513, 1), (33, 4000)]


def picture(height, width):
    return np.random.default_rng(height + width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def china():
    from sklearn.datasets import load_sample_image

    return load_sample_image("china.jpg")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        # 480 x 512 / 640 = 384 = 12 x 32
        ((480, 640), (384, 512)),
        ((640, 480), (512, 384)),
        # 427 x 512 / 640 = 341.6: 10.675 x 32, so 11 x 32
        ((427, 640), (352, 512)),
        # 300 x 512 / 300 on both sides; smaller pictures are enlarged
        ((300, 300), (512, 512)),
        # 100 x 512 / 1000 = 51.2 = 1.6 x 32, so 2 x 32
        ((100, 1000), (64, 512)),
        ((1, 20_000), (32, 512)),
        ((20_000, 1), (512, 32)),
        ((1, 1), (512, 512)),
    ],
)
def test_longest_side_is_set_and_the_other_keeps_the_aspect_to_a_multiple(shape, expected):
    assert fit(picture(*shape), "longest", 512, 256, 32).shape == (*expected, 3)


@pytest.mark.parametrize("multiple", [1, 14, 16, 32, 64])
@pytest.mark.parametrize("shape", [(333, 517), (1024, 683), *ODD_SHAPES])
def test_both_sides_are_multiples_and_the_aspect_is_kept_to_half_of_one(shape, multiple):
    fitted = fit(picture(*shape), "longest", 448, 256, multiple)
    assert fitted.dtype == np.uint8
    for side, original in zip(fitted.shape, shape, strict=False):
        assert side % multiple == 0
        wanted = original * 448 / max(shape)
        assert side == multiple if wanted < multiple else abs(side - wanted) <= multiple / 2


def test_size_that_is_no_multiple_goes_to_the_nearest():
    # 500 / 32 = 15.6, so 16 x 32; 375 / 32 = 11.7, so 12 x 32
    assert fit(picture(375, 500), "longest", 500, 256, 32).shape == (384, 512, 3)


@pytest.mark.parametrize("shape", [(384, 512), (512, 384), (512, 512)])
def test_picture_of_the_exact_size_is_not_touched(shape):
    pixels = picture(*shape)
    np.testing.assert_array_equal(fit(pixels, "longest", 512, 256, 32), pixels)


def test_longest_is_a_plain_resize(china):
    expected = cv2.resize(china, (512, 352), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(fit(china, "longest", 512, 256, 32), expected)
    expected = cv2.resize(china, (1024, 672), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(fit(china, "longest", 1024, 256, 32), expected)


@pytest.mark.parametrize("sizes", [(224, 256), (224, 224), (299, 342), (16, 4096)])
@pytest.mark.parametrize("shape", [(480, 640), (641, 480), (224, 224), (225, 223), *ODD_SHAPES])
def test_crop_is_always_a_square_of_the_size(shape, sizes):
    size, resize = sizes
    fitted = fit(picture(*shape), "crop", size, resize, 32)
    assert fitted.shape == (size, size, 3)
    assert fitted.dtype == np.uint8
    assert fitted.flags.c_contiguous


def plain_crop(pixels, size, resize):
    """Resize the whole picture, then cut out the middle."""
    height, width = pixels.shape[:2]
    scale = resize / min(height, width)
    resized = cv2.resize(
        pixels,
        (round(width * scale), round(height * scale)),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    top, left = (resized.shape[0] - size) // 2, (resized.shape[1] - size) // 2
    return resized[top : top + size, left : left + size]


@pytest.mark.parametrize("sizes", [(224, 256), (224, 224), (192, 300)])
@pytest.mark.parametrize("turned", [False, True])
def test_crop_is_a_plain_resize_and_crop(china, sizes, turned):
    pixels = np.ascontiguousarray(china.transpose(1, 0, 2)) if turned else china
    np.testing.assert_array_equal(fit(pixels, "crop", *sizes, 32), plain_crop(pixels, *sizes))


@pytest.mark.parametrize("width", [3000, 3001, 20_000])
def test_crop_of_a_narrow_strip_shows_its_middle(width):
    # 30 rows to 256 are 8.5 to one; a crop of 224 is 26.25 columns about the middle of the strip
    pixels = np.zeros((30, width, 3), np.uint8)
    pixels[:, width // 2 :] = 255
    bright = fit(pixels, "crop", 224, 256, 32)[112, :, 0] > 127
    edge = np.flatnonzero(bright)[0]
    # an odd strip has its edge half a column, 4.3 pixels, left of the middle
    assert edge == pytest.approx(112 - (width % 2) * 256 / 60, abs=1.5)
    assert bright[edge:].all()


def test_crop_takes_the_middle():
    # stripes of 100 columns: 0, 1, 2; the middle square of 300 x 100 pixels is the stripe of 1
    pixels = np.repeat(np.array([0, 100, 200], np.uint8), 100)[None, :, None] * np.ones((100, 1, 3), np.uint8)
    assert (fit(pixels, "crop", 64, 64, 32) == 100).all()
    assert (fit(np.ascontiguousarray(pixels.transpose(1, 0, 2)), "crop", 64, 64, 32) == 100).all()


@pytest.mark.parametrize("rule", ["longest", "crop"])
@pytest.mark.parametrize("shape", [(480, 640), *ODD_SHAPES])
def test_picture_of_one_colour_keeps_it(rule, shape):
    fitted = fit(np.full((*shape, 3), (10, 200, 90), np.uint8), rule, 224, 256, 32)
    np.testing.assert_array_equal(fitted, np.broadcast_to(np.array([10, 200, 90], np.uint8), fitted.shape))
