"""VLAD against a plain loop, and where there is little or nothing to sum."""

import numpy as np
import pytest

from extract import codebook, weight_files
from extract.codebook import Codebook
from extract.config import FileRef
from extract.errors import ConfigError
from extract.features import Features
from extract.fitted import Note
from extract.local_descriptors.vlad import Config, build


def features_of(descriptors):
    count = len(descriptors)
    return Features(np.zeros((count, 4), np.float32), descriptors, np.zeros(count, np.float32))


def root_bytes(vectors):
    return np.rint(512 * vectors).clip(0, 255).astype(np.uint8)


def plain_vlad(descriptors, centres, power, intra):
    """Jégou et al., one descriptor at a time, in float64."""
    sums = np.zeros(centres.shape)
    for row in descriptors.astype(np.float64):
        unit = row / np.linalg.norm(row)
        word = ((unit - centres) ** 2).sum(axis=1).argmin()
        sums[word] += unit - centres[word]
    sums = np.sign(sums) * np.abs(sums) ** power
    if intra:
        sums = np.array([one / np.linalg.norm(one) if one.any() else one for one in sums])
    return (sums / np.linalg.norm(sums)).ravel()


@pytest.fixture(scope="module")
def file(write_codebook, tmp_path_factory):
    return write_codebook(tmp_path_factory.mktemp("words") / "vlad", "vlad")


@pytest.mark.parametrize("settings", [{}, {"power": 1.0}, {"intra": True}, {"power": 0.2, "intra": True}])
def test_it_is_that_of_a_plain_loop(unit, file, settings):
    config = Config(codebook=file, **settings)
    centres = codebook.load(file, "vlad").centres
    descriptors = root_bytes(unit(90, seed=5))
    found = build(config).derive(features_of(descriptors))
    expected = plain_vlad(descriptors, centres, config.power, config.intra)
    assert found.descriptors.shape == (1, 8 * 128)
    assert found.descriptors.dtype == np.float16
    np.testing.assert_allclose(found.descriptors[0], expected, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(found.descriptors.astype(np.float64)), 1, atol=1e-3)


@pytest.mark.filterwarnings("error")
def test_no_keypoint_gives_the_zero_vector(file):
    found = build(Config(codebook=file)).derive(features_of(np.zeros((0, 128), np.uint8)))
    assert found.descriptors.shape == (1, 1024)
    assert not found.descriptors.any()
    assert (found.points.shape, found.scores.tolist()) == ((1, 0), [0])


@pytest.mark.filterwarnings("error")
def test_one_keypoint_and_equal_ones_point_the_same_way(unit, file):
    extractor = build(Config(codebook=file, power=1.0))
    descriptor = root_bytes(unit(1, seed=6))
    one = extractor.derive(features_of(descriptor)).descriptors
    many = extractor.derive(features_of(np.repeat(descriptor, 50, axis=0))).descriptors
    np.testing.assert_allclose(one, many, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(one.astype(np.float64)), 1, atol=1e-3)


@pytest.mark.filterwarnings("error")
def test_a_descriptor_at_its_centre_and_a_blank_one_add_nothing(tmp_path):
    Codebook(np.eye(3, 128, dtype=np.float32), Note("vlad", "sift", {})).write(tmp_path / "words")
    file = FileRef(str(tmp_path / "words"), weight_files.sha256_of(tmp_path / "words"))
    descriptors = np.zeros((4, 128), np.uint8)
    descriptors[[0, 2], [1, 1]] = 255
    assert not build(Config(codebook=file)).derive(features_of(descriptors)).descriptors.any()


@pytest.mark.parametrize("power", [0.0, -1.0, 1.5, float("nan")])
def test_a_power_out_of_range_is_refused(power):
    with pytest.raises(ConfigError, match=r"local\.vlad\.power must be above 0 and at most 1"):
        Config(power=power)
