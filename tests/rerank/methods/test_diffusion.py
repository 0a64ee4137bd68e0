"""Diffusion against dense algebra: the solver, the graph by hand, and the whole against the paper."""

import numpy as np
import pytest

from extract.errors import ConfigError
from rerank.methods import diffusion
from rerank.methods.diffusion import Config, diffused, edges
from rerank.ranking import PAD
from rerank.space import NEIGHBOURS, Space, build


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def normalised(weights):
    """Divide by the roots of both ends' degrees; isolated ones stay zero."""
    degrees = weights.sum(axis=1)
    roots = np.sqrt(np.where(degrees > 0, degrees, 1))
    return weights / roots[:, None] / roots


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("seed", range(3))
def test_solver_equals_dense_algebra(seed, alpha):
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.random((25, 25)) * (rng.random((25, 25)) < 0.15), 1)
    weights += weights.T
    weights[3] = weights[:, 3] = 0
    source = rng.random(25) * (rng.random(25) < 0.4)
    left, right = np.nonzero(weights)
    found = diffused(left, right, weights[left, right], source, alpha, 200)
    expected = np.linalg.solve(np.eye(25) - alpha * normalised(weights), (1 - alpha) * source)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_few_iterations_are_near():
    rng = np.random.default_rng(0)
    weights = np.triu(rng.random((200, 200)) * (rng.random((200, 200)) < 0.05), 1)
    weights += weights.T
    left, right = np.nonzero(weights)
    source = rng.random(200)
    few, many = (diffused(left, right, weights[left, right], source, 0.9, count) for count in (30, 500))
    np.testing.assert_allclose(few, many, rtol=1e-4)


@pytest.mark.filterwarnings("error")
def test_where_no_edge_leads_the_source_stays():
    nothing = np.zeros(0, np.int64)
    found = diffused(nothing, nothing, np.zeros(0), np.array([1.0, 0, 2]), 0.9, 30)
    np.testing.assert_allclose(found, [0.1, 0, 0.2])


@pytest.mark.filterwarnings("error")
def test_edges_of_no_weight_are_no_edges():
    # two photographs at a right angle: their degrees are 0 and must not be divided by
    found = diffused(np.array([0, 1]), np.array([1, 0]), np.zeros(2), np.array([1.0, 0]), 0.9, 30)
    np.testing.assert_allclose(found, [0.1, 0])


@pytest.mark.filterwarnings("error")
def test_without_a_source_nothing_arrives():
    found = diffused(np.array([0, 1]), np.array([1, 0]), np.ones(2), np.zeros(2), 0.9, 30)
    assert found.tolist() == [0, 0]


# Who is near to whom, best first: 0 and 1 have each other first; 2 has 1 first, and 1 has it second; 3 has 2
# first, and 2 has not 3; 4 has nobody.
CLOSE = {0: {1: 0.9, 2: 0.4}, 1: {0: 0.9, 2: 0.8}, 2: {1: 0.8, 0: 0.4}, 3: {2: 0.3, 1: -0.2}, 4: {}}


@pytest.fixture
def five():
    neighbours = np.full((5, NEIGHBOURS), PAD, np.int32)
    closeness = np.zeros((5, NEIGHBOURS), np.float32)
    for place, others in CLOSE.items():
        neighbours[place, : len(others)], closeness[place, : len(others)] = (
            list(others),
            list(others.values()),
        )
    return Space(np.arange(5), np.zeros((5, 2), np.float32), neighbours, closeness)


@pytest.mark.parametrize(
    ("near", "k", "expected"),
    [
        ([0, 1, 2, 3, 4], 1, {(0, 1): 0.9}),
        ([0, 1, 2, 3, 4], 2, {(0, 1): 0.9, (1, 2): 0.8, (0, 2): 0.4}),
        # positions, not places: 1 is first, 2 second
        ([1, 2, 4], 2, {(0, 1): 0.8}),
        ([0, 3, 4], 30, {}),
        ([4], 2, {}),
    ],
)
@pytest.mark.parametrize("gamma", [1.0, 3.0])
def test_mutual_edges_by_hand(five, near, k, expected, gamma):
    left, right, weights = edges(five, np.array(near), k, gamma)
    found = dict(zip(zip(left.tolist(), right.tolist(), strict=True), weights, strict=True))
    both = {**expected, **{(right, left): value for (left, right), value in expected.items()}}
    assert found.keys() == both.keys()
    for edge, value in both.items():
        assert found[edge] == pytest.approx(value**gamma, rel=1e-6)


def test_mutual_neighbours_beyond_a_right_angle_weigh_nothing():
    space = build(np.arange(2), np.float32([[1, 0], [-0.6, 0.8]]))
    _, _, weights = edges(space, np.arange(2), 1, 3.0)
    assert weights.tolist() == [0, 0]


def slow(query, vectors, config):
    """Iscen et al. 2017 with dense matrices, cut to the nearest; what is outside gets 0."""
    query, vectors = query.astype(np.float64), vectors.astype(np.float64)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.argsort(-cosines, axis=1)[:, : config.k]
    affinity = np.zeros((len(vectors), len(vectors)))
    for one, others in enumerate(nearest):
        for other in others:
            if one in nearest[other]:
                affinity[one, other] = max(0.0, cosines[one, other]) ** config.gamma
    closeness = vectors @ query
    near = np.argsort(-closeness)[: config.size]
    source = np.zeros(len(near))
    source[: config.k] = np.clip(closeness[near[: config.k]], 0, None) ** config.gamma
    system = np.eye(len(near)) - config.alpha * normalised(affinity[np.ix_(near, near)])
    found = np.zeros(len(vectors))
    found[near] = (1 - config.alpha) * np.linalg.solve(system, source)
    return found


@pytest.fixture
def rerank(array_database, queries_of, ranking_of):
    def call(query, vectors, config, places):
        queries, database = queries_of(vectors=query[None]), array_database({}, vectors=vectors)
        return diffusion.build(config).rerank(ranking_of(list(range(places))), queries, database)

    return call


CONFIGS = [
    Config(v=0.0),
    Config(v=0.0, k=3, gamma=1.0, iterations=100),
    Config(v=0.0, k=30, alpha=0.99, iterations=200),
    Config(v=0.0, size=12),
    Config(v=0.0, size=1),
    Config(v=0.0, alpha=0.0),
]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("seed", range(3))
def test_whole_method_equals_the_paper(rerank, config, seed):
    rng = np.random.default_rng(seed)
    vectors = unit(rng.standard_normal((31, 5)) + 0.5).astype(np.float16).astype(np.float32)
    query, vectors = vectors[0], unit(vectors[1:]).astype(np.float32)
    reranked = rerank(query, vectors, config, 30)
    expected = slow(query, vectors, config)
    # Cosines come in half precision.
    np.testing.assert_allclose(
        reranked.columns["local"][0], expected[reranked.rows[0]], rtol=0.01, atol=1e-4 * expected.max()
    )
    assert sorted(reranked.rows[0]) == list(range(30))


def test_photographs_that_nothing_reaches_follow_by_their_own_closeness(rerank):
    vectors = unit(np.random.default_rng(0).standard_normal((41, 6))).astype(np.float32)
    query, vectors = vectors[0], vectors[1:]
    reranked = rerank(query, vectors, Config(v=0.0, size=10), 40)
    order = np.argsort(-(vectors @ query))
    assert set(reranked.rows[0, :10]) == set(order[:10])
    # the fusion orders equal scores by the global one
    assert reranked.rows[0, 10:].tolist() == order[10:].tolist()
    assert (reranked.columns["local"][0, 10:] == 0).all()


def test_places_are_filled_with_the_nearest_where_little_is_reached(rerank):
    vectors = unit(np.random.default_rng(0).standard_normal((41, 6))).astype(np.float32)
    query, vectors = vectors[0], vectors[1:]
    reranked = rerank(query, vectors, Config(v=0.0, size=10), 15)
    assert set(reranked.rows[0]) == set(np.argsort(-(vectors @ query))[:15])


def test_a_chain_of_views_is_followed_to_its_end(rerank):
    # Views every 15 degrees from 0 to 90, and another thing at 70 degrees on the other side: by closeness it
    # comes before the chain's last two, which the query at 0 reaches through the views between.
    angles = np.deg2rad([0, 15, 30, 45, 60, 75, 90])
    views = np.stack([np.cos(angles), np.sin(angles), np.zeros(7)], axis=1)
    other = [[np.cos(np.deg2rad(70)), 0, np.sin(np.deg2rad(70))]]
    vectors = np.concatenate([views, other]).astype(np.float32)
    reranked = rerank(np.float32([1, 0, 0]), vectors, Config(v=0.0, k=2), 8)
    assert reranked.rows[0, -1] == 7


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 2])
def test_tiny_collections_are_ranked(rerank, count):
    reranked = rerank(
        np.float32([1, 0]), np.eye(2, dtype=np.float32)[:count], Config(), 5 if count > 1 else 1
    )
    assert reranked.rows[0, :count].tolist() == list(range(count))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"k": 31}, "diffusion.k must be between 1 and 30, got 31"),
        ({"gamma": 0.0}, "diffusion.gamma must lie above 0"),
        ({"alpha": 1.0}, "diffusion.alpha must be at least 0 and below 1, got 1.0"),
        ({"size": 0}, "diffusion.size and iterations must be at least 1, got 0 and 30"),
        ({"iterations": 0}, "diffusion.size and iterations must be at least 1, got 1000 and 0"),
        ({"v": 1.1}, "v must be between 0 and 1"),
    ],
)
def test_setting_out_of_range_is_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**settings)
