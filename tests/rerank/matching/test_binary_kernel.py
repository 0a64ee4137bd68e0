import numpy as np
import pytest

from extract.features import pack
from rerank.matching.binary_kernel import similarities


def rows_of(words, packed):
    """Give descriptors as a store holds them: four bytes of word number, then the packed signs."""
    words = np.array(words, "<u4").view(np.uint8).reshape(-1, 4)
    packed = np.array(packed, np.uint8)
    return np.concatenate([words, packed if packed.ndim == 2 else packed[:, None]], axis=1)


def random_rows(count, seed, num_bytes=16, num_words=60):
    rng = np.random.default_rng(seed)
    words = np.sort(rng.choice(num_words, count, replace=False))
    return rows_of(words * 70_001, rng.integers(0, 256, (count, num_bytes), np.uint8))


def signs_by_word(descriptors):
    return {
        int.from_bytes(row[:4].tobytes(), "little"): np.unpackbits(row[4:]).astype(int) * 2 - 1
        for row in descriptors
    }


def slow(query, candidate, alpha, tau):
    """The kernel as the paper writes it: cosines of vectors of signs, word by word."""
    query, candidate = signs_by_word(query), signs_by_word(candidate)
    total = 0.0
    for word, signs in query.items():
        if word in candidate:
            cosine = signs @ candidate[word] / len(signs)
            total += np.sign(cosine) * abs(cosine) ** alpha if cosine > tau else 0
    words = len(query.keys() & candidate.keys())
    return total / np.sqrt(max(1, len(query)) * max(1, len(candidate))), words


@pytest.fixture
def compare(placeless):
    def call(query, candidates, alpha=3.0, tau=0.0):
        return similarities(query, pack([placeless(one) for one in candidates]), alpha=alpha, tau=tau)

    return call


@pytest.mark.parametrize(("alpha", "tau"), [(3, 0), (1, -1), (2, -0.1), (3, 0.1), (0.5, 0)])
@pytest.mark.parametrize("num_bytes", [1, 8, 16, 20])
def test_equals_a_plain_loop_over_words(compare, alpha, tau, num_bytes):
    query = random_rows(40, 99, num_bytes)
    candidates = [random_rows(count, count, num_bytes) for count in (0, 30, 60, 0, 0, 1, 17, 0)]
    found = compare(query, candidates, alpha, tau)
    expected = [slow(query, one, alpha, tau) for one in candidates]
    np.testing.assert_allclose(found.kernel, [kernel for kernel, _ in expected], rtol=1e-6, atol=1e-9)
    assert found.words.tolist() == [words for _, words in expected]
    assert sum(found.words) >= 40
    assert (found.kernel.dtype, found.words.dtype) == (np.float32, np.int64)


def test_numbers_worked_by_hand(compare):
    # words 3 and 9 in common, 8 signs each; word 3 differs in 1 sign: u = 1 - 2/8 = .75, word 9 in 5: -.25
    query = rows_of([3, 9], [0b00000000, 0b00000000])
    candidate = rows_of([1, 3, 9, 12], [0, 0b00010000, 0b11111000, 0])
    # .75 ** 3 / sqrt(2 * 4), the negative one is below tau
    np.testing.assert_allclose(compare(query, [candidate]).kernel, [0.421875 / np.sqrt(8)], rtol=1e-6)
    assert compare(query, [candidate]).words.tolist() == [2]
    # with tau = -1 it counts with its sign: (.421875 - .015625) / sqrt(8)
    np.testing.assert_allclose(compare(query, [candidate], tau=-1).kernel, [0.40625 / np.sqrt(8)], rtol=1e-6)
    # what equals tau is not above it
    assert compare(query, [candidate], tau=0.75).kernel.tolist() == [0]


def test_large_word_numbers_and_every_byte_of_them_count(compare):
    query = rows_of([255, 256, 2**16, 2**32 - 1], [1, 2, 3, 4])
    found = compare(query, [query, rows_of([1], [1]), rows_of([2**24], [3])])
    np.testing.assert_allclose(found.kernel, [1, 0, 0])
    assert found.words.tolist() == [4, 0, 0]


def test_photograph_has_one_with_itself_and_the_kernel_is_symmetric(compare):
    one, other = random_rows(40, 1), random_rows(25, 2)
    np.testing.assert_allclose(compare(one, [one]).kernel, [1], rtol=1e-6)
    np.testing.assert_array_equal(compare(one, [other]).kernel, compare(other, [one]).kernel)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (0, 0), (1, 1)])
def test_photograph_without_words_is_no_evidence(compare, sizes):
    found = compare(random_rows(sizes[0], 1), [random_rows(sizes[1], 1)] * 3)
    np.testing.assert_allclose(found.kernel, [min(sizes)] * 3)
    assert found.words.tolist() == [min(sizes)] * 3


def test_order_of_candidates_does_not_change_a_byte(compare):
    query, candidates = random_rows(40, 99), [random_rows(seed, seed) for seed in range(40)]
    order = np.random.default_rng(0).permutation(40)
    together = compare(query, candidates)
    shuffled = compare(query, [candidates[place] for place in order])
    assert shuffled.kernel.tobytes() == together.kernel[order].tobytes()
    assert shuffled.words.tobytes() == together.words[order].tobytes()
