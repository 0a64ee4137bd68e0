import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from extract.errors import ConfigError
from rerank.methods import superglobal
from rerank.methods.superglobal import Config


def slow(query, vectors, k, beta):
    """Both scores as the paper's program computes them, one candidate at a time, in double precision."""
    query, vectors = query.astype(np.float64), vectors.astype(np.float64)
    refined = []
    for place, vector in enumerate(vectors):
        others = sorted(set(range(len(vectors))) - {place}, key=lambda other: -(vectors[other] @ vector))
        total, weights = vector.copy(), 1.0
        for other in others[:k]:
            weight = beta * max(0.0, vectors[other] @ vector)
            total += weight * vectors[other]
            weights += weight
        refined.append(total / weights)
    first = [vector @ query for vector in refined]
    best = sorted(range(len(vectors)), key=lambda place: -first[place])[: k + 1]
    largest = np.max([refined[place] for place in best], axis=0)
    return np.array(first), np.array([vector @ largest for vector in refined])


def clustered(count, seed, width=24):
    """Unit vectors in a handful of groups."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((5, width))[rng.integers(0, 5, count)] + rng.standard_normal((count, width))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def scores_of(array_database, queries_of, ranking_of):
    """Give local, refined and expanded score by row (3, K); the first vector is the query's."""

    def call(vectors, config, order=None):
        order = list(range(len(vectors) - 1)) if order is None else order
        reranked = superglobal.build(config).rerank(
            ranking_of(order), queries_of(vectors=vectors[:1]), array_database({}, vectors=vectors[1:])
        )
        assert (np.diff(reranked.scores[0]) <= 0).all()
        columns = [reranked.columns[name][0] for name in ("local", "refined", "expanded")]
        return np.array(columns)[:, np.argsort(reranked.rows[0])]

    return call


@pytest.mark.parametrize(("k", "beta"), [(9, 0.15), (1, 0.15), (3, 1.0), (9, 0.0), (500, 0.15)])
@pytest.mark.parametrize("count", [100, 1, 2, 9, 10])
def test_equals_a_plain_loop(scores_of, k, beta, count):
    vectors = clustered(count + 1, count)
    local, refined, expanded = scores_of(vectors, Config(k=k, beta=beta))
    expected = slow(vectors[0], vectors[1:], k, beta)
    np.testing.assert_allclose(refined, expected[0], atol=1e-5)
    np.testing.assert_allclose(expanded, expected[1], atol=1e-5)
    np.testing.assert_allclose(local, (expected[0] + expected[1]) / 2, atol=1e-5)


def test_numbers_worked_by_hand(scores_of):
    # The query lies along x, a along x, b at (.6, .8), c along z; k = 1, beta = .5.
    # a's nearest is b with weight .5 x .6 = .3: (1 + .18, .24, 0) / 1.3 = (.9077, .1846, 0).
    # b's nearest is a, .3 too: (.6 + .3, .8, 0) / 1.3 = (.6923, .6154, 0). c's has weight 0: (0, 0, 1).
    # Refined scores .9077, .6923, 0. The largest of the first two: (.9077, .6154, 0).
    # Expanded: a .9077^2 + .1846 x .6154 = .9375, b .6923 x .9077 + .6154^2 = 1.0071, c 0.
    vectors = np.array([[1, 0, 0], [1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]], np.float32)
    local, refined, expanded = scores_of(vectors, Config(k=1, beta=0.5))
    np.testing.assert_allclose(refined, [0.90769, 0.69231, 0], atol=1e-5)
    np.testing.assert_allclose(expanded, [0.93751, 1.00710, 0], atol=1e-5)
    np.testing.assert_allclose(local, [0.92260, 0.84970, 0], atol=1e-5)


def test_length_of_vectors_does_not_matter(scores_of):
    vectors = clustered(40, 2)
    longer = vectors * np.linspace(0.1, 9, 40, dtype=np.float32)[:, None]
    np.testing.assert_allclose(scores_of(longer, Config()), scores_of(vectors, Config()), atol=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 3, 60])
@pytest.mark.parametrize("beta", [0.0, 0.15, 1.0])
def test_identical_zero_and_opposite_vectors_give_numbers(scores_of, count, beta):
    same = np.repeat(clustered(1, 3), count + 1, axis=0)
    opposite, some_zero = same.copy(), clustered(count + 1, 4)
    opposite[::2] *= -1
    some_zero[::2] = 0
    for vectors in (same, opposite, some_zero, np.zeros_like(same)):
        assert np.isfinite(scores_of(vectors, Config(beta=beta))).all()
    np.testing.assert_allclose(scores_of(same, Config(beta=beta)), np.ones((3, count)), rtol=1e-5)
    assert not scores_of(np.zeros_like(same), Config(beta=beta)).any()


def test_candidate_with_good_company_rises(scores_of):
    # rows 0 and 1 are equally near the query; row 0's nearest are nearer to the query than row 1's
    rng = np.random.default_rng(0)
    base = rng.standard_normal((3, 24))
    query, towards, away = base / np.linalg.norm(base, axis=1, keepdims=True)
    towards, away = towards - query * (towards @ query), away - query * (away @ query)
    company = [query + 0.7 * towards + 0.05 * rng.standard_normal(24) for _ in range(9)]
    strangers = [-0.5 * query + away + 0.05 * rng.standard_normal(24) for _ in range(9)]
    near = [query + direction / np.linalg.norm(direction) for direction in (towards, away)]
    local, *_ = scores_of(np.array([query, *near, *company, *strangers], np.float32), Config())
    assert local[0] > local[1]


def test_order_of_candidates_and_threads_do_not_change_a_byte(scores_of):
    vectors = clustered(201, 6)
    vectors[[7, 50, 90]] = vectors[3]
    expected = scores_of(vectors, Config()).tobytes()
    order = np.random.default_rng(0).permutation(200).tolist()
    assert scores_of(vectors, Config(), order).tobytes() == expected
    for threads in (1, 2):
        with ThreadpoolController().limit(limits=threads):
            assert scores_of(vectors, Config()).tobytes() == expected


def test_queries_do_not_mix_and_padding_stays(array_database, queries_of, ranking_of):
    vectors = clustered(43, 7)
    queries, database = queries_of(vectors=vectors[:3]), array_database({}, vectors=vectors[3:])
    rows = [list(range(40)), [5, 3, 30], []]
    together = superglobal.build(Config()).rerank(ranking_of(*rows), queries, database)
    for place in range(2):
        alone = superglobal.build(Config()).rerank(ranking_of(rows[place]), queries.one(place), database)
        width = len(rows[place])
        assert together.rows[place, :width].tolist() == alone.rows[0].tolist()
        assert together.scores[place, :width].tolist() == alone.scores[0].tolist()
    for name in ("local", "refined", "expanded"):
        np.testing.assert_array_equal(np.isnan(together.columns[name]), ~together.used)


def test_v_brings_the_first_score_back(array_database, queries_of, ranking_of):
    vectors = clustered(31, 8)
    queries, database = queries_of(vectors=vectors[:1]), array_database({}, vectors=vectors[1:])
    ranking = ranking_of(list(range(30)))
    fused = superglobal.build(Config(v=0.25)).rerank(ranking, queries, database)
    first = dict(zip(ranking.rows[0], ranking.scores[0], strict=True))
    expected = [0.25 * first[row] for row in fused.rows[0]] + 0.75 * fused.columns["local"][0]
    np.testing.assert_allclose(fused.scores[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"k": 0}, "superglobal.k must be at least 1, got 0"),
        ({"beta": -0.1}, "superglobal.beta must be between 0 and 1, got -0.1"),
        ({"beta": float("nan")}, "superglobal.beta must be between 0 and 1, got nan"),
        ({"v": 1.1}, "v must be between 0 and 1, got 1.1"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)


def test_defaults_are_those_of_the_paper():
    assert Config() == Config(k=9, beta=0.15, v=0.0)
