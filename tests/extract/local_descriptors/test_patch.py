"""Deep patches: torch's adaptive average of the map, lengths of one, bytes after a projection."""

import numpy as np
import pytest

from extract import projection, weight_files
from extract.config import FileRef
from extract.errors import ConfigError
from extract.fitted import Note
from extract.local_descriptors.patch import SCALE, Config, build, footprint


@pytest.fixture(scope="module")
def file(unit, tmp_path_factory):
    path = tmp_path_factory.mktemp("projection") / "p"
    projection.fit(unit(300, 24), 8, Note("patch")).write(path)
    return FileRef(str(path), weight_files.sha256_of(path))


@pytest.fixture
def feature_map():
    return np.random.default_rng(0).random((24, 10, 13), np.float32)


@pytest.mark.parametrize("shape", [(7, 7), (10, 13), (18, 14), (3, 2), (1, 1), (1, 30)])
def test_positions_are_torchs_adaptive_average_at_length_one(shape):
    import torch

    values = np.random.default_rng(0).standard_normal((24, *shape)).astype(np.float32)
    pooled = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(values), 7).numpy()
    expected = pooled.reshape(24, 49).T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = build(Config(), 24).extract_map(values)
    assert (found.points.shape, found.descriptors.dtype) == ((49, 0), np.float16)
    np.testing.assert_allclose(found.descriptors, expected, atol=1e-3)
    assert not found.scores.any()


def test_projected_positions_are_bytes_about_128(feature_map, file):
    plain = build(Config(), 24).extract_map(feature_map).descriptors
    found = build(Config(projection=file), 24).extract_map(feature_map).descriptors
    assert (found.shape, found.dtype) == ((49, 8), np.uint8)
    projected = projection.Projection.read(file.path).apply(plain.astype(np.float32))
    expected = 128 + np.clip(np.rint(127 * projected / SCALE), -127, 127)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("projected", [False, True])
def test_a_zero_position_stays_zero(feature_map, file, projected):
    feature_map = np.repeat(np.repeat(feature_map[:, :7, :7], 2, 1), 2, 2)
    feature_map[:, :2, :2] = 0
    config = Config(projection=file) if projected else Config()
    found = build(config, 24).extract_map(feature_map).descriptors
    zero = 128 if projected else 0
    assert (found[0] == zero).all()
    assert not (found[1:] == zero).all(axis=1).any()


def test_a_projection_of_maps_of_another_width_is_refused(file):
    with pytest.raises(ConfigError, match="takes maps of 24 channels, the network gives 25; fit it again"):
        build(Config(projection=file), 25)


def test_footprint_knows_both_forms(file):
    assert footprint(Config(), 24)[:3] == (49, 49, 48)
    assert footprint(Config(grid=3, projection=file), 24)[:3] == (9, 9, 8)


def test_a_grid_out_of_range_is_refused():
    with pytest.raises(ConfigError, match="grid must be between 1 and 64, got 0"):
        Config(grid=0)
