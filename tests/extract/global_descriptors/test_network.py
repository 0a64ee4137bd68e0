import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from extract import heads, tuned_layers
from extract.config import FileRef
from extract.descriptor_values import at_length_one
from extract.errors import ConfigError, WeightsError
from extract.global_descriptors.network import Config, build, resolve, size
from extract.weight_files import sha256_of
from extract.whitening import Whitening

# A third of the pixels of the default, and its smallest sister: the same code in a tenth of the time.
LITE = {"backbone": "tf_efficientnet_lite0", "size_px": 256}
VIT, SWIN = "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """A home of our own: traces of networks are kept there."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(folder))
        # smaller ones take less time
        patch.setattr("extract.traced._TRIALS", ((1, 3, 64, 96), (2, 3, 96, 64), (1, 3, 65, 33)))
        yield


@pytest.fixture(scope="module")
def descriptor():
    """Build a network with packaged weights; each of them once."""
    return functools.cache(lambda **settings: build(resolve(Config(**{**LITE, **settings}))))


@pytest.fixture(scope="module")
def prepared(picture):
    """Eight different photographs of 192 x 256, as a batch."""
    left = [(picture("china"), 0), (picture("china"), 200), (picture("flower"), 100), (picture("coffee"), 90)]
    crops = [pixels[top : top + 192, start : start + 256] for pixels, start in left for top in (20, 180)]
    return np.stack(crops)


def cosines(one, other):
    return (at_length_one(one) * at_length_one(other)).sum(axis=1)


@pytest.mark.parametrize("settings", [{}, {"pooling": "avg"}, {"pooling": "max"}, {"scales": (0.7071, 1.0)}])
def test_vectors_have_length_one(descriptor, prepared, settings):
    one = descriptor(**settings)
    vectors = one.extract(prepared[:2])
    assert vectors.shape == (2, one.dim) == (2, 1280)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_normalise_changes_the_length_alone(descriptor, prepared):
    vectors = descriptor(normalise=False).extract(prepared[:2])
    assert (np.abs(np.linalg.norm(vectors, axis=1) - 1) > 0.1).all()
    np.testing.assert_allclose(at_length_one(vectors), descriptor().extract(prepared[:2]), atol=1e-6)


# Seen: 2e-7. Kernels for other batches and threads may add in another order.
@pytest.mark.parametrize("num_threads", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_vector_is_the_same_for_every_batch_size_and_number_of_threads(descriptor, prepared, num_threads):
    one, small = descriptor(), np.ascontiguousarray(prepared[:, ::2, ::2])
    alone = np.concatenate([one.extract(picture[None]) for picture in small])
    torch.set_num_threads(num_threads)
    for batch_size in range(1, 9):
        np.testing.assert_allclose(one.extract(small[:batch_size]), alone[:batch_size], atol=1e-5)


def test_vector_does_not_depend_on_who_else_is_in_the_batch(descriptor, prepared):
    one = descriptor()
    vectors = one.extract(prepared)
    np.testing.assert_allclose(one.extract(prepared[::-1].copy())[::-1], vectors, atol=1e-5)
    assert cosines(vectors[:1], vectors[2:3]) < 0.95


def test_threads_may_describe_at_the_same_time(descriptor, prepared):
    one = descriptor()
    expected = [one.extract(prepared[first : first + 2]).tobytes() for first in range(0, 8, 2)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            found = pool.map(one.extract, [prepared[first : first + 2] for first in range(0, 8, 2)])
            assert [vectors.tobytes() for vectors in found] == expected


def test_scales_are_the_sum_of_vectors_of_length_one(descriptor, prepared):
    scales = (0.7071, 1.0, 1.4142)
    single = [descriptor(scales=(scale,)).extract(prepared[:2]) for scale in scales]
    together = descriptor(scales=scales).extract(prepared[:2])
    np.testing.assert_allclose(together, at_length_one(np.sum(single, axis=0)), atol=1e-5)
    assert (cosines(single[0], single[2]) < 0.99).all()


def test_scale_is_that_of_a_resized_picture(descriptor, prepared):
    # 192 x 256 by .5 is 96 x 128, which are multiples of 32
    half = np.array(Image.fromarray(prepared[0]).resize((128, 96), Image.Resampling.BILINEAR))
    scaled, resized = descriptor(scales=(0.5,)).extract(prepared[:1]), descriptor().extract(half[None])
    # seen: .9999; the network reads bytes there and fractions here
    assert cosines(scaled, resized) > 0.999


@pytest.fixture(scope="module")
def whitening(tmp_path_factory):
    rng = np.random.default_rng(0)
    fitted = Whitening(rng.random(1280, np.float32) / 40, rng.standard_normal((1280, 16), np.float32), {})
    path = tmp_path_factory.mktemp("whitening") / "w.safetensors"
    fitted.write(path)
    return fitted, FileRef(str(path), sha256_of(path))


@pytest.mark.parametrize("normalise", [True, False])
def test_whitening_is_applied_to_vectors_of_length_one(descriptor, whitening, prepared, normalise):
    fitted, file = whitening
    one = descriptor(whitening=file, normalise=normalise)
    assert one.dim == 16
    expected = fitted.apply(descriptor().extract(prepared[:3]))
    expected = at_length_one(expected) if normalise else expected
    np.testing.assert_allclose(one.extract(prepared[:3]), expected, atol=1e-4 * np.abs(expected).max())


def test_whitening_of_another_network_is_refused(descriptor, tmp_path):
    Whitening(np.zeros(4, np.float32), np.eye(4, dtype=np.float32), {}).write(tmp_path / "w")
    with pytest.raises(ConfigError, match="takes vectors of 4 numbers, the network gives 1280"):
        descriptor(whitening=FileRef(str(tmp_path / "w"), sha256_of(tmp_path / "w")))


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """A head of kind mlp from 1280 to 24 numbers, in a file."""
    torch.manual_seed(0)
    module = heads.build("mlp", 1280, 24, 0.0).eval()
    path = tmp_path_factory.mktemp("head") / "h"
    heads.write(path, "mlp", module, {})
    return module, FileRef(str(path), sha256_of(path))


def through(head, vectors):
    with torch.inference_mode():
        return head(torch.from_numpy(vectors)).numpy()


def test_head_is_applied_to_pooled_vectors_of_any_length(descriptor, head, prepared):
    module, file = head
    pooled = descriptor(normalise=False).extract(prepared[:3])
    one = descriptor(head=file)
    vectors, maps = one.extract_with_maps(prepared[:3])
    assert (one.dim, one.channels, maps.shape[1]) == (24, 1280, 1280)
    np.testing.assert_allclose(vectors, at_length_one(through(module, pooled)), atol=1e-5)


def test_head_is_applied_at_each_scale(descriptor, head, prepared):
    single = [descriptor(scales=(scale,), head=head[1]).extract(prepared[:2]) for scale in (0.5, 1.0)]
    together = descriptor(scales=(0.5, 1.0), head=head[1]).extract(prepared[:2])
    np.testing.assert_allclose(together, at_length_one(np.sum(single, axis=0)), atol=1e-5)


def test_whitening_takes_what_the_head_gives(descriptor, head, prepared, tmp_path):
    fitted = Whitening(np.zeros(24, np.float32), np.eye(24, 5, dtype=np.float32), {})
    fitted.write(tmp_path / "w")
    file = FileRef(str(tmp_path / "w"), sha256_of(tmp_path / "w"))
    one = descriptor(head=head[1], whitening=file)
    expected = at_length_one(descriptor(head=head[1]).extract(prepared[:2])[:, :5])
    np.testing.assert_allclose(one.extract(prepared[:2]), expected, atol=1e-5)
    assert size(Config(**LITE, head=head[1], whitening=file)) == (one.dim, one.channels) == (5, 1280)
    with pytest.raises(ConfigError, match="takes vectors of 24 numbers, the network gives 1280"):
        descriptor(whitening=file)


def test_altered_head_or_one_of_another_network_is_refused(descriptor, head, weights_of):
    with pytest.raises(WeightsError, match="sha256 differs"):
        descriptor(head=FileRef(head[1].path, "0" * 64))
    with pytest.raises(ConfigError, match="head .* takes vectors of 1280 numbers, the network gives 512"):
        build(Config(backbone="resnet18", weights=weights_of("resnet18"), head=head[1]))


def test_tuned_layers_have_a_trace_of_their_own(descriptor, prepared, tmp_path):
    plain = descriptor()
    base = resolve(Config(**LITE)).weights.sha256
    tuned_layers.write(tmp_path / "t", {"bn2.bias": torch.linspace(-2, 2, 1280)}, base, {})
    config = resolve(Config(**LITE, tuned=FileRef(str(tmp_path / "t"), sha256_of(tmp_path / "t"))))
    built, traced = (build(config).extract(prepared[:2]) for _ in range(2))
    np.testing.assert_array_equal(built, traced)
    assert (cosines(built, plain.extract(prepared[:2])) < 0.9).all()


def test_altered_or_absent_whitening_is_refused(descriptor, whitening, tmp_path):
    _, file = whitening
    (tmp_path / "w").write_bytes(b"altered")
    with pytest.raises(WeightsError, match="sha256 differs"):
        descriptor(whitening=FileRef(str(tmp_path / "w"), file.sha256))
    with pytest.raises(WeightsError, match="absent"):
        descriptor(whitening=FileRef(str(tmp_path / "absent"), file.sha256))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("settings", [{}, {"pooling": "avg"}, {"gem_p": 100.0}, {"scales": (0.5, 1.0)}])
def test_blank_pictures_give_finite_vectors(descriptor, settings):
    blank = np.zeros((3, 64, 96, 3), np.uint8)
    blank[1:] = [[[[255]]], [[[128]]]]
    vectors = descriptor(**settings).extract(blank)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_order_of_colours_matters(descriptor, picture):
    one = descriptor()
    pixels = one.prepare(picture("flower"))[None]
    assert cosines(one.extract(pixels), one.extract(pixels[..., ::-1].copy())) < 0.95


def test_photograph_is_nearer_to_its_mirror_image_than_to_another(descriptor, prepared):
    one = descriptor()
    vectors, mirrored = one.extract(prepared[:4:2]), one.extract(prepared[:4:2, :, ::-1].copy())
    similarities = vectors @ mirrored.T
    assert similarities.diagonal().min() > similarities[0, 1] + 0.1


def test_prepare_follows_the_size_rule(descriptor, picture):
    assert descriptor().prepare(picture("china")).shape == (160, 256, 3)
    cropped = descriptor(size_rule="crop", size_px=224)
    assert cropped.prepare(picture("china")).shape == (224, 224, 3)


@pytest.mark.parametrize(
    ("name", "dim"), [("resnet18", 512), (VIT, 192), pytest.param(SWIN, 768, marks=pytest.mark.slow)]
)
def test_networks_of_other_kinds_are_described(weights_of, prepared, name, dim):
    pooling = "cls" if name == VIT else "gem"
    one = build(Config(backbone=name, weights=weights_of(name), pooling=pooling))
    vectors = one.extract(np.ascontiguousarray(prepared[:2, :160, :224]))
    assert vectors.shape == (2, dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        (
            "resnet18",
            {"pooling": "cls"},
            "resnet18 has no class token; set global.pooling to gem, regional-gem, avg or max",
        ),
        (VIT, {"multiple_px": 24}, f"multiple_px must be a multiple of the patch of {VIT}, 16 px, got 24"),
        (VIT, {"size_rule": "crop", "size_px": 230}, "global.size_px must be a multiple of .* got 230"),
    ],
)
def test_setting_that_does_not_suit_the_network_is_refused_ahead_of_the_first_photograph(
    weights_of, name, settings, sentence
):
    with pytest.raises(ConfigError, match=sentence):
        build(Config(backbone=name, weights=weights_of(name), **settings))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"size_px": 15}, "size_px must be between 16 and 4096, got 15"),
        ({"size_px": 5000}, "size_px"),
        ({"size_rule": "crop", "size_px": 300}, "resize_px must be at least size_px, got 256"),
        ({"multiple_px": 0}, "multiple_px must be between 1 and size_px, got 0"),
        ({"gem_p": 0.5}, "gem_p must be between 1 and 100 with the pooling gem, got 0.5"),
        ({"scales": ()}, "scales must be between 0.1 and 4"),
        ({"scales": (1.0, 5.0)}, r"scales must be between 0.1 and 4, got \[1.0, 5.0\]"),
    ],
)
def test_setting_out_of_range_is_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**settings)


def test_default_network_needs_no_file_and_no_hub():
    resolved = resolve(Config())
    assert resolved.weights.path == ""
    assert len(resolved.weights.sha256) == 64


def test_zero_vectors_stay_zero():
    vectors = np.array([[0, 0], [3, 4]], np.float32)
    np.testing.assert_allclose(at_length_one(vectors), [[0, 0], [0.6, 0.8]], rtol=1e-6)


@pytest.mark.parametrize(("settings", "side"), [({}, (6, 8)), ({"scales": (0.5, 1.0)}, (3, 4))])
def test_maps_come_with_the_same_vectors(descriptor, prepared, settings, side):
    one = descriptor(**settings)
    vectors, maps = one.extract_with_maps(prepared[:2])
    np.testing.assert_array_equal(vectors, one.extract(prepared[:2]))
    assert (maps.shape, maps.dtype) == ((2, one.channels, *side), np.float32)


def test_average_of_a_map_is_the_average_pooling(descriptor, prepared):
    vectors, maps = descriptor(pooling="avg").extract_with_maps(prepared[:2])
    np.testing.assert_allclose(vectors, at_length_one(maps.mean(axis=(2, 3))), atol=1e-5)


@pytest.mark.parametrize(("name", "grid", "patch"), [(VIT, 14, 16), (SWIN, 7, 32)])
def test_transformers_have_maps_too(weights_of, prepared, name, grid, patch):
    settings = {"size_rule": "crop", "size_px": 224, "multiple_px": patch, "pooling": "avg"}
    config = Config(backbone=name, weights=weights_of(name), **settings)
    one = build(config)
    _, maps = one.extract_with_maps(one.prepare(prepared[0])[None])
    assert maps.shape == (1, one.channels, grid, grid)
    assert size(config) == (one.dim, one.channels)


def test_size_is_known_without_weights(tmp_path):
    whitening = Whitening(np.zeros(1280, np.float32), np.eye(1280, 9, dtype=np.float32), {})
    whitening.write(tmp_path / "w")
    assert size(Config(**LITE)) == (1280, 1280)
    assert size(Config(**LITE, whitening=FileRef(str(tmp_path / "w")))) == (9, 1280)
