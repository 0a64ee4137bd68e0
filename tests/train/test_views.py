import runpy
import sys

import numpy as np
import pytest
import torch

from extract.errors import PluginError
from extract.size_rule import fit
from train import views
from train.settings import Views
from train.views import Viewer, decoding, view_seed

PLAIN = {"size_px": 32, "min_area": 1.0, "flip": 0.0, "jitter": 0.0}


@pytest.fixture(scope="module")
def pixels():
    from skimage import data

    return np.ascontiguousarray(data.chelsea()[:120, :200])


def view(pixels, seed, **changes):
    return Viewer(Views(**{**PLAIN, **changes})).picture(pixels, seed)


def test_whole_photo_is_resized_by_its_shorter_side_and_cropped_at_its_centre(pixels):
    assert (view(pixels, 0) == fit(pixels, "crop", 32, 32, 1)).all()


def test_seed_alone_decides(pixels):
    everything = {"min_area": 0.2, "flip": 0.5, "jitter": 0.3, "rotation_deg": 20.0, "policy": "randaugment"}
    torch.manual_seed(1)
    first = view(pixels, 5, **everything)
    torch.rand(100)
    assert (view(pixels, 5, **everything) == first).all()
    assert (view(pixels, 6, **everything) != first).any()


def test_state_of_torch_is_left_as_it_was(pixels):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    view(pixels, 0, min_area=0.5, policy="autoaugment")
    assert torch.rand(2).tolist() == expected.tolist()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("policy", ["autoaugment", "randaugment", "trivialaugment"])
def test_policy_changes_the_picture_and_keeps_its_form(pixels, policy):
    plain = view(pixels, 0)
    changed = [view(pixels, seed, policy=policy) for seed in range(4)]
    assert all(one.shape == (32, 32, 3) and one.dtype == np.uint8 for one in changed)
    assert any((one != plain).any() for one in changed)


def test_flip_mirrors_at_its_rate(pixels):
    plain = view(pixels, 0)
    flipped = [(view(pixels, seed, flip=0.25) == plain[:, ::-1]).all() for seed in range(400)]
    # 400 draws at 1/4: 100 with a standard deviation of 8.7.
    assert 65 <= sum(flipped) <= 135


def test_random_part_is_as_large_as_asked():
    # Columns are their own number, so the spread of values tells the width of the part.
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    spans = [int(np.ptp(view(ramp, seed, min_area=0.25))) for seed in range(200)]
    # Sides of a part of area 1/4 to 1 with shape 3/4 to 4/3: 200 sqrt(1/4 x 3/4) = 87 to 200.
    assert 80 <= min(spans) <= 120
    assert 180 <= max(spans) <= 199


def test_quarter_turns_at_most_are_made_by_rotation(pixels):
    # A bright mark above the centre moves along a circle of 10 px, by at most 90 degrees.
    marked = np.zeros((33, 33, 3), np.uint8)
    marked[5:8, 15:18] = 255
    angles = []
    for seed in range(60):
        turned = view(marked, seed, size_px=33, rotation_deg=90.0)
        y, x = np.argwhere(turned[:, :, 0] > 100).mean(axis=0) - 16
        angles.append(np.degrees(np.arctan2(x, -y)))
    assert max(np.abs(angles)) <= 92
    assert min(angles) < -60
    assert max(angles) > 60


def test_jitter_is_that_of_torchvision_where_nothing_is_clipped():
    from torchvision.transforms.v2 import functional

    from train.views import _jittered

    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 160, (16, 16, 3), dtype=np.uint8)
    for seed in range(6):
        torch.manual_seed(seed)
        ours = _jittered(pixels, 0.3)
        torch.manual_seed(seed)
        expected = torch.from_numpy(pixels).permute(2, 0, 1) / 255
        changes = (functional.adjust_brightness, functional.adjust_contrast, functional.adjust_saturation)
        for change in torch.randperm(3).tolist():
            factor = float(torch.empty(1, dtype=torch.float64).uniform_(0.7, 1.3))
            expected = changes[change](expected, factor)
        # torchvision's grey has coefficients of three digits, too; the rest is rounding to whole numbers.
        assert np.abs(ours - 255 * expected.permute(1, 2, 0).numpy()).max() < 1.1


def test_without_torchvision_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.transforms", None)
    with pytest.raises(PluginError, match=r"^training needs torchvision .*pip install 'landmark-retrieval"):
        runpy.run_path(views.__file__)


def test_view_depends_on_photo_copy_epoch_and_seed_each():
    seeds = {
        view_seed(seed, photo, copy, epoch, fixed=False)
        for seed in (0, 1) for photo in ("a", "b", "1 a") for copy in (0, 1) for epoch in (0, 1)
    }  # fmt: skip
    assert len(seeds) == 24


def test_fixed_views_are_the_same_in_every_epoch():
    assert view_seed(0, "a", 1, 0, fixed=True) == view_seed(0, "a", 1, 7, fixed=True)
    assert view_seed(0, "a", 1, 0, fixed=True) != view_seed(0, "a", 2, 0, fixed=True)


def test_photos_are_decoded_no_larger_than_views_can_show():
    # The whole of a 16 : 9 photo at 288 px has 512 px; a quarter of it shows as much at twice the size.
    assert decoding(Views(size_px=288, min_area=1.0)).max_side_px == 512
    assert decoding(Views(size_px=288, min_area=0.25)).max_side_px == 1024
