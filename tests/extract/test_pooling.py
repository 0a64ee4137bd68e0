import numpy as np
import pytest
import torch

from extract.errors import ConfigError
from extract.pooling import check_power, pool


@pytest.fixture(scope="module")
def maps():
    return torch.rand(2, 5, 3, 4, generator=torch.Generator().manual_seed(0)) * 3


def test_average_and_maximum_by_hand():
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert pool(maps, None, "avg", 3.0).tolist() == [[3.0]]
    assert pool(maps, None, "max", 3.0).tolist() == [[6.0]]


def test_generalised_mean_by_hand():
    # ((1 + 8 + 27 + 0) / 4) ** (1/3) = 9 ** (1/3)
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 0.0]]]])
    np.testing.assert_allclose(pool(maps, None, "gem", 3.0), [[9 ** (1 / 3)]], rtol=1e-6)


@pytest.mark.parametrize("p", [1.0, 1.5, 3.0, 6.5, 8.0, 8.1, 20.0, 100.0])
def test_generalised_mean_equals_the_formula_in_double_precision(maps, p):
    expected = np.mean(maps.numpy().astype(np.float64) ** p, axis=(2, 3)) ** (1 / p)
    np.testing.assert_allclose(pool(maps, None, "gem", p), expected, rtol=1e-5)


def test_generalised_mean_with_one_is_the_average(maps):
    np.testing.assert_allclose(pool(maps, None, "gem", 1.0), pool(maps, None, "avg", 1.0), rtol=1e-6)


def test_generalised_mean_rises_with_p_to_the_maximum(maps):
    pooled = torch.stack([pool(maps, None, "gem", p) for p in (1.0, 2.0, 4.0, 8.0, 16.0, 100.0)])
    assert (pooled.diff(dim=0) > 0).all()
    top = pool(maps, None, "max", 3.0)
    # at most n ** (1 / p) = 12 ** .01 = 1.025 apart
    assert (pooled[-1] <= top).all()
    np.testing.assert_allclose(pooled[-1], top, rtol=0.025)


@pytest.mark.parametrize("p", [3.0, 8.0, 50.0, 100.0])
@pytest.mark.parametrize("value", [0.0, 1e-5, 0.01, 6.0, 1000.0, 10_000.0])
def test_generalised_mean_of_equal_values_is_that_value(value, p):
    pooled = pool(torch.full((1, 2, 3, 3), value), None, "gem", p)
    np.testing.assert_allclose(pooled, max(value, 1e-6), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("p", [1.0, 3.0, 100.0])
def test_generalised_mean_takes_negative_values_for_nothing(p):
    maps = torch.tensor([[[[-5.0, -1.0], [-3.0, 2.0]]]])
    blank = torch.tensor([[[[0.0, 0.0], [0.0, 2.0]]]])
    np.testing.assert_array_equal(pool(maps, None, "gem", p), pool(blank, None, "gem", p))


@pytest.mark.parametrize("kind", ["gem", "avg", "max"])
def test_each_picture_and_channel_is_pooled_by_itself(maps, kind):
    together = pool(maps, None, kind, 10.0)
    assert together.shape == (2, 5)
    for picture in range(2):
        for channel in range(5):
            alone = pool(maps[picture, channel][None, None], None, kind, 10.0)
            np.testing.assert_allclose(
                alone, together[picture : picture + 1, channel : channel + 1], rtol=1e-6
            )


@pytest.mark.parametrize("kind", ["gem", "regional-gem", "avg", "max"])
def test_order_of_memory_does_not_matter(maps, kind):
    other = maps.contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(pool(other, None, kind, 3.0), pool(maps, None, kind, 3.0), rtol=1e-6)


def test_class_token_is_given_as_it_is(maps):
    token = torch.arange(10.0).reshape(2, 5)
    assert pool(maps, token, "cls", 3.0) is token


def test_class_token_of_a_network_without_one_is_refused(maps):
    with pytest.raises(ValueError, match="no class token; pool with gem, regional-gem, avg or max"):
        pool(maps, None, "cls", 3.0)


def regional_by_loops(maps, p):
    total = np.zeros(maps.shape[:2])
    height, width = maps.shape[2:]
    for count in (1, 2, 3):
        sides = [-(-2 * side // (count + 1)) for side in (height, width)]
        starts = [
            [0] if count == 1 else [k * (side - length) // (count - 1) for k in range(count)]
            for side, length in zip((height, width), sides, strict=True)
        ]
        for top in starts[0]:
            for left in starts[1]:
                region = maps[:, :, top : top + sides[0], left : left + sides[1]].astype(np.float64)
                mean = (np.maximum(region, 1e-6) ** p).mean(axis=(2, 3)) ** (1 / p)
                total += mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return total


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (3, 4), (5, 2), (9, 9), (18, 13)])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 6.0])
def test_regions_are_pooled_brought_to_length_one_and_added(size, p):
    maps = torch.rand(2, 6, *size, generator=torch.Generator().manual_seed(1))
    np.testing.assert_allclose(
        pool(maps, None, "regional-gem", p), regional_by_loops(maps.numpy(), p), rtol=1e-5
    )


def test_a_bright_corner_outvotes_the_rest_in_one_mean_and_not_over_regions():
    # Channel 0 is everywhere, channel 1 bright in a corner: the whole, one of four and one of nine hold it.
    maps = torch.zeros(1, 2, 6, 6)
    maps[:, 0] = 1.0
    maps[0, 1, 0, 0] = 100.0
    whole, regional = (pool(maps, None, kind, 2.0)[0] for kind in ("gem", "regional-gem"))
    assert whole[1] > 10 * whole[0]
    # 11 regions of direction (1, 0), three of nearly (0, 1)
    assert regional[0] > 11
    np.testing.assert_allclose(regional[1], 3, atol=0.02)


def test_regions_of_a_blank_map_are_finite():
    assert pool(torch.zeros(1, 3, 4, 4), None, "regional-gem", 2.0).isfinite().all()


@pytest.mark.parametrize("p", [1.0, 2.0, 6.0])
def test_a_channel_that_is_zero_in_a_region_has_a_finite_gradient(p):
    maps = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(2))
    maps[0, 1, :4, :4] = 0.0
    maps.requires_grad_()
    pool(maps, None, "regional-gem", p)[0, 1].backward()
    assert maps.grad.isfinite().all()
    assert maps.grad.abs().sum() > 0


def test_a_power_that_regions_cannot_take_is_refused():
    check_power("gem", 100.0, "global")
    with pytest.raises(
        ConfigError, match=r"network.gem_p must be between 1 and 6 with .* regional-gem, got 8"
    ):
        check_power("regional-gem", 8.0, "network")
