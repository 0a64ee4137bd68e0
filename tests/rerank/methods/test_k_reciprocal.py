import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from extract.errors import ConfigError
from rerank.methods import k_reciprocal
from rerank.methods.k_reciprocal import Config


def slow(vectors, k1, k2, weight, *, expand=True):
    """Distances of the first vector from the others as the paper writes them, with sets."""
    values, everyone = vectors.astype(np.float64), range(len(vectors))
    squared = np.array([[((one - other) ** 2).sum() for other in values] for one in values])
    distances = squared / squared.max(axis=1, keepdims=True)
    nearest = [sorted(everyone, key=lambda other, one=one: distances[one, other]) for one in everyone]

    def mutual(one, k):
        return {other for other in nearest[one][: k + 1] if one in nearest[other][: k + 1]}

    encoded = np.zeros_like(distances)
    for one in everyone:
        neighbours = mutual(one, k1)
        expanded = set(neighbours)
        for other in neighbours:
            core = mutual(other, round(k1 / 2))
            if expand and len(core & neighbours) > 2 / 3 * len(core):
                expanded |= core
        for other in expanded:
            encoded[one, other] = np.exp(-distances[one, other])
        encoded[one] /= encoded[one].sum()
    averaged = np.array(
        [np.mean([encoded[other] for other in nearest[one][:k2]], axis=0) for one in everyone]
    )
    jaccard = [
        1 - np.minimum(averaged[0], other).sum() / np.maximum(averaged[0], other).sum() for other in averaged
    ]
    return (1 - weight) * np.array(jaccard)[1:] + weight * distances[0, 1:]


def clustered(count, seed, width=16):
    """Unit vectors in a handful of groups."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((5, width))[rng.integers(0, 5, count)] + rng.standard_normal((count, width))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def local_of(array_database, queries_of, ranking_of):
    """Give the local score by row; the first vector is the query's."""

    def call(vectors, config, order=None):
        order = list(range(len(vectors) - 1)) if order is None else order
        reranked = k_reciprocal.build(config).rerank(
            ranking_of(order), queries_of(vectors=vectors[:1]), array_database({}, vectors=vectors[1:])
        )
        assert (np.diff(reranked.scores[0]) <= 0).all()
        return reranked.columns["local"][0][np.argsort(reranked.rows[0])]

    return call


@pytest.mark.parametrize(
    ("k1", "k2", "weight"),
    [(20, 6, 0.3), (20, 1, 0.0), (9, 3, 0.5), (1, 1, 0.3), (7, 7, 1.0), (200, 150, 0.3)],
)
def test_equals_a_straightforward_program(local_of, k1, k2, weight):
    vectors = clustered(61, 1)
    local = local_of(vectors, Config(k1=k1, k2=k2, distance_weight=weight))
    np.testing.assert_allclose(local, 1 - slow(vectors, k1, k2, weight), atol=2e-5)


def test_comparison_would_see_a_missing_expansion():
    vectors = clustered(61, 1)
    without = slow(vectors, 20, 6, 0.3, expand=False)
    assert np.abs(without - slow(vectors, 20, 6, 0.3)).max() > 0.01


def test_numbers_worked_by_hand(local_of):
    # q = 0, a = 1, b = 3, c = 7 on a line. With k1 = 2 the neighbours of q, a and b are {q, a, b} each and
    # mutual; c's are {c, b, a}, none mutual. The cores (k = 1) are {q, a}, {q, a}, {b}, {c}: nothing new.
    # Squared distances over the row's largest: q 0 1/49 9/49, a 1/36 0 4/36, b 9/16 4/16 0; exp(-d), over
    # the sum: q .3556 .3484 .2959, a .3392 .3487 .3121, b .2426 .3316 .4258, c (0, 0, 0, 1).
    # Sums of minima with q: a .9836, b .8702, c 0; Jaccard distances 1 - s / (2 - s): .0323, .2298, 1.
    # Final, .7 x Jaccard + .3 x d: a .7 x .0323 + .3 / 49 = .0287, b .2160, c 1.
    vectors = np.array([[0], [1], [3], [7]], np.float32)
    local = local_of(vectors, Config(k1=2, k2=1))
    np.testing.assert_allclose(local, [0.97125, 0.78401, 0], atol=1e-4)


def test_candidate_among_the_querys_neighbours_overtakes_a_lonely_nearer_one(local_of):
    # the query and rows 1 to 4 lie close together, row 0 as close to the query on the other side with four
    # neighbours of its own behind it
    vectors = np.array(
        [[0.0], [-1.0], [1.1], [1.2], [1.3], [0.9], [-1.1], [-1.2], [-1.3], [-1.4]], np.float32
    )
    local = local_of(
        np.concatenate([vectors, -vectors + 0.01], axis=1), Config(k1=4, k2=2, distance_weight=0)
    )
    assert local[0] < local[1:5].min()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 2, 5, 20, 21])
def test_shortlists_shorter_than_k1_are_ranked(local_of, count):
    vectors = clustered(count + 1, count)
    local = local_of(vectors, Config())
    np.testing.assert_allclose(local, 1 - slow(vectors, 20, 6, 0.3), atol=2e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 3, 60])
def test_identical_and_zero_vectors_give_numbers_in_range(local_of, count):
    same = np.repeat(clustered(1, 3), count + 1, axis=0)
    some_zero = clustered(count + 1, 4)
    some_zero[::2] = 0
    for vectors in (same, np.zeros_like(same), some_zero):
        local = local_of(vectors, Config())
        assert ((local >= 0) & (local <= 1)).all()
    if count < 20:
        np.testing.assert_allclose(local_of(same, Config()), np.ones(count), rtol=1e-6)


def test_copy_of_the_query_comes_first(local_of):
    vectors = clustered(60, 5)
    vectors[40] = vectors[0]
    assert local_of(vectors, Config()).argmax() == 39


def test_order_of_candidates_and_threads_do_not_change_a_byte(local_of):
    vectors = clustered(101, 6)
    vectors[[7, 50, 90]] = vectors[3]
    expected = local_of(vectors, Config()).tobytes()
    order = np.random.default_rng(0).permutation(100).tolist()
    assert local_of(vectors, Config(), order).tobytes() == expected
    for threads in (1, 2):
        with ThreadpoolController().limit(limits=threads):
            assert local_of(vectors, Config()).tobytes() == expected


def test_queries_do_not_mix_and_padding_stays(array_database, queries_of, ranking_of):
    vectors = clustered(43, 7)
    queries, database = queries_of(vectors=vectors[:3]), array_database({}, vectors=vectors[3:])
    rows = [list(range(40)), [5, 3, 30], []]
    together = k_reciprocal.build(Config()).rerank(ranking_of(*rows), queries, database)
    for place in range(2):
        alone = k_reciprocal.build(Config()).rerank(ranking_of(rows[place]), queries.one(place), database)
        width = len(rows[place])
        assert together.rows[place, :width].tolist() == alone.rows[0].tolist()
        assert together.scores[place, :width].tolist() == alone.scores[0].tolist()
        assert np.isnan(together.columns["local"][place, width:]).all()


def test_default_is_the_papers_order_and_v_brings_the_first_score_back(
    array_database, queries_of, ranking_of
):
    vectors = clustered(31, 8)
    queries, database = queries_of(vectors=vectors[:1]), array_database({}, vectors=vectors[1:])
    ranking = ranking_of(list(range(30)))
    plain = k_reciprocal.build(Config()).rerank(ranking, queries, database)
    np.testing.assert_array_equal(plain.scores, plain.columns["local"])
    fused = k_reciprocal.build(Config(v=0.25)).rerank(ranking, queries, database)
    first = dict(zip(ranking.rows[0], ranking.scores[0], strict=True))
    expected = [0.25 * first[row] for row in fused.rows[0]] + 0.75 * fused.columns["local"][0]
    np.testing.assert_allclose(fused.scores[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"k1": 0}, "k-reciprocal.k1 must be at least 1, got 0"),
        ({"k2": 0}, "k-reciprocal.k2 must lie between 1 and k1 = 20, got 0"),
        ({"k1": 5}, "k-reciprocal.k2 must lie between 1 and k1 = 5, got 6"),
        ({"distance_weight": 1.1}, "k-reciprocal.distance_weight must be between 0 and 1, got 1.1"),
        ({"distance_weight": float("nan")}, "k-reciprocal.distance_weight must be between 0 and 1, got nan"),
        ({"v": -1.0}, "v must be between 0 and 1, got -1.0"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)


def test_defaults_are_those_of_the_paper():
    assert Config() == Config(k1=20, k2=6, distance_weight=0.3, v=0.0)
