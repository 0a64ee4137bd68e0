import numpy as np
import pytest

from extract.features import pack
from rerank.matching.maxsim import mean_of_best

COUNTS = (49, 0, 1, 1200, 49, 30, 0, *[49] * 25, 0)


def normal(count, seed, width=32):
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def halves(count, seed, width=32):
    values = normal(count, seed, width)
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float16)


def as_bytes(count, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8)


def slow(query, candidate):
    """Mean of best cosines in double precision."""
    if not len(query) or not len(candidate):
        return 0.0
    query, candidate = query.astype(np.float64), candidate.astype(np.float64)
    products = np.einsum("md,nd->mn", query, candidate)
    squared = np.einsum("md,md->m", query, query)[:, None] * np.einsum("nd,nd->n", candidate, candidate)
    return (products / np.sqrt(squared)).max(axis=1).mean()


@pytest.fixture
def compare(placeless):
    def call(query, candidates, threads=0):
        return mean_of_best(query, pack([placeless(one) for one in candidates]), threads)

    return call


@pytest.mark.parametrize("make", [halves, normal])
def test_equals_einsum_over_candidates_of_any_number_of_patches(compare, make):
    query, candidates = make(49, 100), [make(count, seed) for seed, count in enumerate(COUNTS)]
    found = compare(query, candidates)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [slow(query, one) for one in candidates], atol=2e-6)


def test_bytes_are_centred_before_they_are_compared(compare):
    query, candidates = as_bytes(49, 100), [as_bytes(count, seed) for seed, count in enumerate(COUNTS)]
    expected = [slow(query - 128.0, one - 128.0) for one in candidates]
    np.testing.assert_allclose(compare(query, candidates), expected, atol=2e-6)


def test_numbers_worked_by_hand(compare):
    # patches along x and y; the candidate has x and the diagonal: best cosines 1 and sqrt(1/2)
    query = np.array([[1, 0], [0, 1]], np.float16)
    candidate = np.array([[1, 0], [0.5, 0.5]], np.float16)
    np.testing.assert_allclose(compare(query, [candidate]), [(1 + np.sqrt(0.5)) / 2], rtol=1e-6)
    # the other way round the diagonal has sqrt(1/2) with both, x has 1
    np.testing.assert_allclose(compare(candidate, [query]), [(1 + np.sqrt(0.5)) / 2], rtol=1e-6)
    # bytes 255 and 1 are 127 and -127: the same line, opposite ends
    ends = np.array([[255, 128]], np.uint8), np.array([[1, 128]], np.uint8)
    np.testing.assert_allclose(compare(ends[0], ends), [1, -1], rtol=1e-6)


def test_length_of_a_descriptor_does_not_matter(compare):
    query, candidate = halves(5, 1), halves(9, 2)
    longer = (candidate * np.linspace(0.5, 3, 9)[:, None]).astype(np.float32)
    np.testing.assert_allclose(
        compare((query * np.float16(2)), [longer]), compare(query, [candidate]), atol=2e-3
    )


def test_photograph_has_one_with_itself(compare):
    for make in (halves, as_bytes):
        np.testing.assert_allclose(compare(make(49, 3), [make(49, 3)]), [1], rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_zero_patches_have_cosine_zero(compare):
    nothing, something = np.zeros((3, 4), np.float16), np.eye(4, dtype=np.float16)
    assert compare(nothing, [nothing, something]).tolist() == [0, 0]
    assert compare(something, [nothing]).tolist() == [0]
    grey = np.full((2, 4), 128, np.uint8)
    assert compare(grey, [grey]).tolist() == [0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (0, 0), (1, 1)])
def test_no_patches_on_either_side_are_no_evidence(compare, sizes):
    found = compare(halves(sizes[0], 1), [halves(sizes[1], 1)] * 2)
    np.testing.assert_allclose(found, [min(sizes)] * 2, rtol=1e-6)


def test_identical_patches_throughout_are_one(compare):
    same = np.repeat(halves(1, 4), 49, axis=0)
    np.testing.assert_allclose(compare(same, [same, same[:1]]), [1, 1], rtol=1e-6)


def test_number_of_threads_does_not_change_a_byte(compare):
    query, candidates = halves(49, 100), [halves(count, seed) for seed, count in enumerate(COUNTS)]
    results = {compare(query, candidates, threads).tobytes() for threads in (1, 2, 4, 0)}
    assert len(results) == 1


def test_order_of_candidates_does_not_matter(compare):
    query, candidates = halves(49, 100), [halves(count, seed) for seed, count in enumerate(COUNTS)]
    order = np.random.default_rng(0).permutation(len(candidates))
    shuffled = compare(query, [candidates[place] for place in order])
    np.testing.assert_allclose(shuffled, compare(query, candidates)[order], atol=1e-6)
