import numpy as np
import pytest

from rerank.matching.unit import lengths, numbers, unit


def test_every_finite_half_is_the_single_that_numpy_makes_of_it():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].reshape(-1, 2)
    assert len(halves) == 2**15 - 2**10
    assert numbers(halves).tobytes() == halves.astype(np.float32).tobytes()


def test_halves_may_lie_apart_in_memory():
    halves = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float16)
    np.testing.assert_array_equal(numbers(halves[::2, 1:5]), halves[::2, 1:5].astype(np.float32))


def test_bytes_are_centred_and_singles_are_left():
    assert numbers(np.array([[0, 128, 255]], np.uint8)).tolist() == [[-128, 0, 127]]
    assert numbers(np.array([[0.1, -3]], np.float32)).tolist() == np.array([[0.1, -3]], np.float32).tolist()


@pytest.mark.filterwarnings("error")
def test_unit_has_length_one_or_stays_zero():
    values = np.array([[3, 4], [0, 0], [-2, 0]], np.float16)
    np.testing.assert_allclose(unit(values), [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-6)
    assert lengths(numbers(values)).tolist() == [5, 1, 2]
    assert unit(values[:0]).shape == (0, 2)
