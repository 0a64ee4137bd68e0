import cv2
import numpy as np
import pytest

from extract.errors import ConfigError
from extract.features import Features
from rerank.methods import sift_geometric
from rerank.methods.sift_geometric import Config

SCENES = ("astronaut", "coffee", "chelsea", "rocket")


def shuffled(features, seed):
    """Give the same descriptors at places that have nothing to do with each other."""
    order = np.random.default_rng(seed).permutation(len(features))
    return Features(features.points[order], features.descriptors, features.scores)


def stretched(features, factor):
    return Features(features.points * np.float32(factor), features.descriptors, features.scores)


def rerank(config, ranking, queries, database):
    return sift_geometric.build(config).rerank(ranking, queries, database)


def test_second_views_of_real_photographs_come_first(
    scene, second_view, describe, array_database, queries_of, ranking_of
):
    queries = queries_of([describe(scene(name)) for name in SCENES])
    database = array_database(
        [describe(second_view(scene(name), seed)) for seed in (1, 2) for name in SCENES], [(400, 300)] * 8
    )
    # each query's own views, rows q and q + 4, start at the bottom
    rows = [[row for row in range(8) if row % 4 != place] + [place, place + 4] for place in range(4)]
    reranked = rerank(Config(v=0.0), ranking_of(*rows), queries, database)
    for place in range(4):
        assert set(reranked.rows[place, :2]) == {place, place + 4}
        assert reranked.columns["inliers"][place, :2].min() >= 12
        assert reranked.columns["inliers"][place, 2:].max() < 8


def test_with_the_default_weight_a_close_second_view_overtakes(
    scene, second_view, describe, array_database, queries_of, ranking_of
):
    database = array_database(
        [describe(second_view(scene(name), 1)) for name in ("coffee", "astronaut")], [(400, 300)] * 2
    )
    ranking = ranking_of([0, 1], scores=[[0.80, 0.75]])
    reranked = rerank(Config(), ranking, queries_of([describe(scene("astronaut"))]), database)
    assert reranked.rows.tolist() == [[1, 0]]


def test_score_is_the_logarithm_of_one_more_than_the_inliers(
    scene, describe, array_database, queries_of, ranking_of
):
    features = describe(scene("coffee"))
    reranked = rerank(
        Config(v=0.5), ranking_of([0], scores=[[0.4]]), queries_of([features]),
        array_database([features], [(400, 300)]),
    )  # fmt: skip
    inliers = reranked.columns["inliers"][0, 0]
    assert inliers == len(np.unique(features.points[:, :2], axis=0))
    np.testing.assert_allclose(reranked.columns["local"], np.log(1 + inliers), rtol=1e-6)
    np.testing.assert_allclose(reranked.scores, 0.2 + 0.5 * np.log(1 + inliers), rtol=1e-6)


def test_matches_at_the_wrong_places_are_no_evidence(scene, describe, array_database, queries_of, ranking_of):
    features = describe(scene("coffee"))
    database = array_database([shuffled(features, 1), features], [(400, 300)] * 2)
    reranked = rerank(Config(), ranking_of([0, 1]), queries_of([features]), database)
    assert reranked.rows.tolist() == [[1, 0]]
    assert reranked.columns["matches"][0, 0] == reranked.columns["matches"][0, 1]
    assert reranked.columns["inliers"][0, 1] < 8
    assert reranked.columns["local"][0, 1] == 0


def test_mirrored_photograph_is_no_evidence(scene, describe, array_database, queries_of, ranking_of):
    features = describe(scene("coffee"))
    mirrored = Features(
        features.points * np.array([-1, 1, 1, 1], np.float32), features.descriptors, features.scores
    )
    reranked = rerank(
        Config(), ranking_of([0]), queries_of([features]), array_database([mirrored], [(400, 300)])
    )
    assert reranked.columns["local"].tolist() == [[0]]


def test_gate_counts_for_nothing_below_and_fully_at_it(made_up, array_database, queries_of, ranking_of):
    # ten unique descriptors at the same places in both: ten inliers
    features = made_up(10, 3)
    queries, database = queries_of([features]), array_database([features], [(400, 300)])
    at, below = (
        rerank(Config(min_inliers=gate), ranking_of([0]), queries, database).columns for gate in (10, 11)
    )
    np.testing.assert_allclose(at["local"], np.log(11), rtol=1e-6)
    assert below["local"].tolist() == [[0]]
    # with fewer matches than the gate nothing is verified at all
    assert (at["inliers"].tolist(), below["inliers"].tolist()) == ([[10]], [[0]])
    assert at["matches"].tolist() == below["matches"].tolist() == [[10]]


@pytest.mark.parametrize("factor", [0.5, 3, 8])
def test_same_photograph_at_another_size_has_the_same_inliers(
    factor, scene, second_view, describe, array_database, queries_of, ranking_of
):
    view = describe(second_view(scene("astronaut"), 2))
    sizes = [(400, 300), (round(400 * factor), round(300 * factor))]
    database = array_database([view, stretched(view, factor)], sizes)
    reranked = rerank(
        Config(),
        ranking_of([0, 1], scores=[[0.5, 0.5]]),
        queries_of([describe(scene("astronaut"))]),
        database,
    )
    first, second = reranked.columns["inliers"][0]
    assert first >= 20
    assert abs(first - second) <= 2


def test_real_stereo_pair_is_verified(array_database, describe, queries_of, ranking_of):
    from skimage import data

    left, right, _ = data.stereo_motorcycle()
    pair = [describe(np.ascontiguousarray(cv2.resize(one[..., :3], (640, 432)))) for one in (left, right)]
    reranked = rerank(Config(), ranking_of([0]), queries_of(pair[:1]), array_database(pair[1:], [(640, 432)]))
    assert reranked.columns["inliers"][0, 0] >= 30


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"ratio": 1.1}, "sift-geometric.ratio must lie above 0 and be at most 1, got 1.1"),
        ({"min_inliers": 3}, "sift-geometric.min_inliers must be at least 4, got 3"),
        ({"v": 2.0}, "v must be between 0 and 1, got 2.0"),
        ({"threshold_px": 0.0}, "threshold_px"),
        ({"tries": 0}, "tries"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)
