from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from extract.errors import ConfigError
from extract.images import Photo
from extract.local_descriptors.sift import DTYPE, WIDTH, Config, build


def photo_of(pixels, width=None, height=None):
    return Photo(pixels, width or pixels.shape[1], height or pixels.shape[0])


def extract(pixels, width=None, height=None, **settings):
    return build(Config(**settings)).extract(photo_of(pixels, width, height))


def opencv_sift(pixels, **settings):
    """Keypoints and descriptors of OpenCV, by falling response."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    keypoints, descriptors = cv2.SIFT_create(enable_precise_upscale=True, **settings).detectAndCompute(
        grey, None
    )
    order = np.argsort([-keypoint.response for keypoint in keypoints], kind="stable")
    return [keypoints[place] for place in order], descriptors[order]


def near(one, other, shift=(0.0, 0.0)):
    """Distances from points of `one` to the nearest of `other` of about the same size and angle."""
    between = np.linalg.norm(one[:, None, :2] + np.float32(shift) - other[None, :, :2], axis=2)
    sizes = np.abs(np.log(one[:, None, 2] / other[None, :, 2]))
    angles = np.abs((one[:, None, 3] - other[None, :, 3] + 180) % 360 - 180)
    return np.where((sizes < 0.3) & (angles < 15), between, np.inf).min(axis=1)


@pytest.mark.parametrize("name", ["astronaut", "china", "coffee", "rocket"])
def test_features_of_real_photographs_keep_the_contract(picture, name):
    pixels = picture(name)
    height, width = pixels.shape[:2]
    features = extract(pixels)
    assert 100 < len(features) <= 500
    assert features.descriptors.shape == (len(features), WIDTH)
    assert [values.dtype for values in vars(features).values()] == [np.float32, DTYPE, np.float32]
    assert (features.points[:, :2] >= 0).all()
    assert (features.points[:, :2] <= [width - 1, height - 1]).all()
    assert (features.points[:, 2] > 0).all()
    assert ((features.points[:, 3] >= 0) & (features.points[:, 3] < 360)).all()
    assert (np.diff(features.scores) <= 0).all()


@pytest.mark.parametrize("count", [1, 37, 500])
def test_the_strongest_are_kept(picture, count):
    everything = extract(picture("china"), max_keypoints=100_000)
    assert len(everything) > 1000
    strongest = extract(picture("china"), max_keypoints=count)
    assert len(strongest) == count
    np.testing.assert_array_equal(strongest.scores, everything.scores[:count])


def test_descriptors_are_rootsift_in_bytes(picture):
    keypoints, descriptors = opencv_sift(picture("coffee"), nfeatures=200)
    features = extract(picture("coffee"), max_keypoints=200)
    np.testing.assert_array_equal(features.points[:, :2], np.float32([one.pt for one in keypoints[:200]]))
    # Arandjelović and Zisserman: divide by the sum, take the root; the result has length one
    root = np.sqrt(descriptors[:200].astype(np.float64) / descriptors[:200].sum(axis=1, keepdims=True))
    np.testing.assert_allclose(np.linalg.norm(root, axis=1), 1, rtol=1e-6)
    expected = np.minimum(512 * root, 255)
    assert np.abs(features.descriptors - expected).max() <= 0.501
    assert (expected == 255).mean() < 0.01


def test_plain_sift_is_opencvs_own(picture):
    _, descriptors = opencv_sift(picture("coffee"), nfeatures=200)
    features = extract(picture("coffee"), max_keypoints=200, root=False)
    np.testing.assert_array_equal(features.descriptors, descriptors[:200].astype(np.uint8))


def test_points_are_in_pixels_of_the_original(picture):
    # the same pixels, said to be of an original three times as wide and twice as high
    pixels = picture("astronaut")
    height, width = pixels.shape[:2]
    plain, scaled = extract(pixels), extract(pixels, 3 * width, 2 * height)
    # the centre of pixel x covers 3x, 3x + 1, 3x + 2 of the original, whose middle is 3x + 1
    np.testing.assert_allclose(scaled.points[:, 0], 3 * plain.points[:, 0] + 1, rtol=1e-5)
    np.testing.assert_allclose(scaled.points[:, 1], 2 * plain.points[:, 1] + 0.5, rtol=1e-5)
    np.testing.assert_allclose(scaled.points[:, 2], 2.5 * plain.points[:, 2], rtol=1e-5)
    np.testing.assert_array_equal(scaled.points[:, 3], plain.points[:, 3])
    np.testing.assert_array_equal(scaled.descriptors, plain.descriptors)


@pytest.mark.parametrize("bounded_by", ["decoding", "max_side_px"])
def test_bounded_photograph_has_its_points_where_the_original_has_them(picture, bounded_by):
    pixels = picture("astronaut")
    original = extract(pixels, max_keypoints=5000, max_side_px=10_000)
    if bounded_by == "decoding":
        small = cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA)
        bounded = extract(small, 512, 512, max_keypoints=200)
    else:
        bounded = extract(pixels, max_keypoints=200, max_side_px=256)
    distances = near(bounded.points, original.points)
    # seen: 80 % found again, half of them within .2 px; without precise upscaling within .4
    assert (distances < 1.5).mean() > 0.6
    assert np.median(distances[distances < 1.5]) < 0.3


def test_points_move_with_the_photograph(picture):
    # 37 columns and 22 rows of frame on the left and above
    pixels = picture("astronaut")[:400, :400]
    framed = cv2.copyMakeBorder(pixels, 22, 10, 37, 5, cv2.BORDER_REPLICATE)
    one = extract(np.ascontiguousarray(pixels), max_keypoints=300)
    other = extract(framed, max_keypoints=400)
    distances = near(one.points, other.points, shift=(37, 22))
    assert (distances < 0.5).mean() > 0.8


def test_turned_photograph_has_nearly_the_same_descriptors(picture):
    pixels = picture("coffee")
    one, turned = extract(pixels), extract(np.ascontiguousarray(np.rot90(pixels, 2)))
    turned_back = turned.points * np.float32([-1, -1, 1, 1]) + np.float32(
        [pixels.shape[1] - 1, pixels.shape[0] - 1, 0, 180]
    )
    assert (near(one.points, turned_back) < 1.5).mean() > 0.8


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 500), (500, 1), (15, 400), (400, 15), (16, 16), (17, 300), (3, 4000)]
)
def test_tiny_and_narrow_pictures_are_no_error(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    features = extract(pixels)
    assert features.descriptors.shape == (len(features), WIDTH)
    if min(shape) < 16:
        assert len(features) == 0


@pytest.mark.parametrize("level", [0, 127, 255])
def test_blank_picture_has_no_keypoint(level):
    features = extract(np.full((300, 400, 3), level, np.uint8))
    assert features.points.shape == (0, 4)
    assert features.descriptors.shape == (0, WIDTH)
    assert features.descriptors.dtype == DTYPE
    assert features.scores.shape == (0,)


def test_panorama_that_bounding_makes_too_thin_has_no_keypoint():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 4000, 3), np.uint8)
    # 40 x 800 / 4000 = 8 rows
    assert len(extract(pixels)) == 0
    assert len(extract(pixels, max_side_px=4000)) > 0


def test_threads_get_the_same_bytes(picture):
    names = ("astronaut", "coffee", "chelsea", "rocket")
    photos = [photo_of(cv2.resize(picture(name), (320, 240))) for name in names]
    extractor = build(Config())

    def content(photo):
        return [values.tobytes() for values in vars(extractor.extract(photo)).values()]

    expected = [content(photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(content, photos * 4)) == expected * 4


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"max_keypoints": 0}, r"max_keypoints must be in 1\.\.100000, got 0"),
        ({"max_side_px": 15}, r"max_side_px must be in 16\.\.10000, got 15"),
        ({"contrast_threshold": -0.1}, "contrast_threshold must be between 0 and 1, got -0.1"),
        ({"contrast_threshold": float("nan")}, "contrast_threshold"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)
