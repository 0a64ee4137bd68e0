import dataclasses
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from extract import learned_networks, weight_files
from extract.config import FileRef
from extract.errors import ConfigError, PluginError, WeightsError
from extract.features import Features, pack
from extract.images import Photo
from extract.learned_networks import Network
from extract.local_descriptors import learned
from extract.local_descriptors.learned import DTYPE, Config
from rerank.matching import mutual

pytest.importorskip("kornia")

NETWORKS = typing.get_args(Network)
every_network = pytest.mark.parametrize("network", NETWORKS)
REAL = Path(__file__).parents[4] / "shared" / "weights"
real_weights = pytest.mark.skipif(not REAL.exists(), reason="no trained weights here")


def photo_of(pixels, width=None, height=None):
    return Photo(pixels, width or pixels.shape[1], height or pixels.shape[0])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Save random weights of a network, always the same, and give the file's FileRef."""
    folder = tmp_path_factory.mktemp("learned")

    def save(network):
        path = folder / f"{network}.safetensors"
        if not path.exists():
            torch.manual_seed(0)
            model = learned_networks.create(network)
            if network == "xfeat":
                # as it comes, no pixel is likelier than another by enough
                model.net.keypoint_head[-1].weight.data *= 50
            save_file((model.net if network == "xfeat" else model).state_dict(), path)
        return FileRef(str(path), weight_files.sha256_of(path))

    return save


@pytest.fixture(scope="module")
def extractor(weights):
    """Give the extractor of a network with random weights."""

    def build(network, **settings):
        return learned.build(Config(network=network, weights=weights(network), **settings))

    return build


@pytest.fixture(scope="module")
def trained():
    """Give the extractor of ALIKED as its authors trained it."""
    config = learned.resolve(Config(weights=FileRef(str(REAL / "aliked-n16rot.pth")), max_side_px=400))
    return learned.build(config)


@every_network
def test_features_keep_the_contract(network, extractor, picture):
    pixels = cv2.resize(picture("coffee"), (190, 130))
    features = extractor(network, max_keypoints=80).extract(photo_of(pixels))
    assert 0 < len(features) <= 80
    assert features.descriptors.shape[1] == learned_networks.width(network)
    assert [values.dtype for values in vars(features).values()] == [np.float32, DTYPE, np.float32]
    assert (features.points[:, :2] >= 0).all()
    assert (features.points[:, :2] <= [189, 129]).all()
    assert (features.points[:, 2:] == [1, 0]).all()
    assert (np.diff(features.scores) <= 0).all()
    lengths = np.linalg.norm((features.descriptors.astype(np.float64) - 128) / 127, axis=1)
    np.testing.assert_allclose(lengths, 1, atol=0.05)


@every_network
@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (31, 200), (32, 32), (33, 47), (40, 500)])
@pytest.mark.filterwarnings("error")
def test_tiny_and_narrow_pictures_are_no_error(network, shape, extractor):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    features = extractor(network, max_keypoints=50).extract(photo_of(pixels))
    assert features.descriptors.shape == (len(features), learned_networks.width(network))
    if min(shape) < 32:
        assert len(features) == 0


@every_network
@pytest.mark.parametrize("level", [0, 127, 255])
def test_blank_picture_is_no_error(network, level, extractor):
    features = extractor(network, max_keypoints=50).extract(photo_of(np.full((60, 90, 3), level, np.uint8)))
    assert len(features) <= 50
    assert np.isfinite(features.scores).all()


@every_network
def test_threads_get_the_same_bytes(network, extractor, picture):
    names = ("astronaut", "coffee", "chelsea")
    photos = [photo_of(cv2.resize(picture(name), (96, 64))) for name in names]
    one = extractor(network, max_keypoints=40)

    def content(photo):
        return [values.tobytes() for values in vars(one.extract(photo)).values()]

    expected = [content(photo) for photo in photos]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(content, photos * 2)) == expected * 2


@every_network
def test_points_are_in_pixels_of_the_original(network, extractor, picture):
    # the same pixels, said to be of an original three times as wide and twice as high
    pixels = cv2.resize(picture("astronaut"), (128, 96))
    one = extractor(network, max_keypoints=60)
    plain, scaled = one.extract(photo_of(pixels)), one.extract(photo_of(pixels, 384, 192))
    # the centre of pixel x covers 3x, 3x + 1, 3x + 2 of the original, whose middle is 3x + 1
    np.testing.assert_allclose(scaled.points[:, 0], 3 * plain.points[:, 0] + 1, rtol=1e-5)
    np.testing.assert_allclose(scaled.points[:, 1], 2 * plain.points[:, 1] + 0.5, rtol=1e-5)
    np.testing.assert_allclose(scaled.points[:, 2], 2.5)
    np.testing.assert_array_equal(scaled.descriptors, plain.descriptors)


def test_larger_pictures_are_bounded(extractor, picture):
    pixels = cv2.resize(picture("astronaut"), (256, 256))
    small = cv2.resize(pixels, (128, 128), interpolation=cv2.INTER_AREA)
    bounded = extractor("aliked-t16", max_side_px=128).extract(photo_of(pixels))
    expected = extractor("aliked-t16").extract(photo_of(small, 256, 256))
    np.testing.assert_array_equal(bounded.points, expected.points)
    np.testing.assert_array_equal(bounded.descriptors, expected.descriptors)


@every_network
def test_features_of_none_have_the_same_width(network, extractor):
    empty = extractor(network).empty
    assert isinstance(empty, Features)
    assert empty.points.shape == (0, 4)
    assert empty.descriptors.shape == (0, learned_networks.width(network))
    assert empty.descriptors.dtype == DTYPE


def test_resolving_names_the_file_by_its_hash(weights):
    file = weights("aliked-t16")
    config = Config(network="aliked-t16", weights=FileRef(file.path))
    assert learned.resolve(config) == dataclasses.replace(config, weights=file)


def test_weights_of_the_hub_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = learned_networks.create("xfeat")
    monkeypatch.setattr(learned_networks, "_pretrained", lambda network: model)
    first = learned.resolve(Config(network="xfeat"))
    monkeypatch.delattr(learned_networks, "_pretrained")
    assert learned.resolve(Config(network="xfeat")) == first
    assert len(learned.build(first).empty) == 0


def test_hub_that_cannot_be_reached_is_one_sentence(monkeypatch, tmp_path):
    def unreachable(network):
        raise RuntimeError("Failed to load weights\nand a long story")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(learned_networks, "_pretrained", unreachable)
    sentence = (
        r"^no weights for aliked-n16rot from kornia's hub \(Failed to load weights\); "
        r"give a file with --set local\.learned\.weights=FILE$"
    )
    with pytest.raises(WeightsError, match=sentence):
        learned.resolve(Config())


@pytest.mark.parametrize(
    ("network", "other"), [("aliked-n16rot", "aliked-t16"), ("disk", "xfeat"), ("aliked-n16", "aliked-n32")]
)
def test_weights_of_another_network_are_refused(network, other, weights):
    with pytest.raises(WeightsError, match=rf"does not fit {network}: \d+ of its tensors are missing"):
        learned.build(Config(network=network, weights=weights(other)))


def test_weights_with_nan_are_refused(tmp_path):
    state = learned_networks.create("xfeat").net.state_dict()
    state["block1.0.layer.0.weight"] = torch.full_like(state["block1.0.layer.0.weight"], float("nan"))
    torch.save(state, tmp_path / "nan.pth")
    with pytest.raises(WeightsError, match=r"holds NaN or infinity \(e\.g\. in 'block1\.0\.layer"):
        learned.build(learned.resolve(Config(network="xfeat", weights=FileRef(str(tmp_path / "nan.pth")))))


def test_file_that_changed_since_is_refused(weights):
    with pytest.raises(WeightsError, match="is not the file that the recipe names"):
        learned.build(Config(weights=FileRef(weights("disk").path, "0" * 64)))


def test_missing_library_is_one_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PluginError, match="^learned needs the package kornia; install it and run again$"):
        learned.resolve(Config())


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"max_keypoints": 0}, r"local\.learned\.max_keypoints must be in 1\.\.100000, got 0"),
        ({"max_side_px": 31}, r"local\.learned\.max_side_px must be in 32\.\.10000, got 31"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)


@real_weights
@pytest.mark.parametrize("network", ["aliked-n16rot", "aliked-t16"])
def test_published_weights_fit(network):
    learned.build(learned.resolve(Config(network=network, weights=FileRef(str(REAL / f"{network}.pth")))))


@real_weights
@pytest.mark.parametrize("level", [0, 127, 255])
def test_blank_picture_has_no_keypoint(level, trained):
    assert len(trained.extract(photo_of(np.full((300, 400, 3), level, np.uint8)))) == 0


@real_weights
@pytest.mark.parametrize("name", ["china", "coffee", "astronaut"])
def test_second_view_of_a_wall_is_matched_where_it_lies(name, trained, picture):
    pixels = cv2.resize(picture(name), (400, 300), interpolation=cv2.INTER_AREA)
    corners = np.float32([[0, 0], [400, 0], [400, 300], [0, 300]])
    moved = np.float32([[40, 10], [380, 30], [360, 290], [10, 260]])
    homography = cv2.getPerspectiveTransform(corners, moved)
    one = trained.extract(photo_of(pixels))
    other = trained.extract(photo_of(cv2.warpPerspective(pixels, homography, (400, 300))))
    (found,) = mutual.each_candidate(one.descriptors, pack([other]), 1.0, lambda _, found: found)
    expected = cv2.perspectiveTransform(one.points[found.query, None, :2], homography)[:, 0]
    errors = np.linalg.norm(expected - other.points[found.candidate, :2], axis=1)
    assert (errors < 3).sum() > 60
    assert (errors < 3).mean() > 0.6
    assert np.median(errors[errors < 3]) < 1
