from pathlib import Path

import cv2
import numpy as np
import pytest

from extract.config import FileRef
from extract.errors import ConfigError
from extract.features import Features
from extract.images import Photo
from rerank.methods import learned
from rerank.methods.learned import Config

REAL = Path(__file__).parents[4] / "shared" / "weights" / "aliked-n16rot.pth"


def rerank(config, ranking, queries, database):
    return learned.build(config).rerank(ranking, queries, database)


def asked(queries_of, *features):
    return queries_of({"learned": list(features)})


def held(array_database, *features):
    return array_database({"learned": list(features)}, [(400, 300)] * len(features))


def part(features, chosen):
    return Features(features.points[chosen], features.descriptors[chosen], features.scores[chosen])


def test_photographs_are_ordered_by_inliers(made_up, array_database, queries_of, ranking_of):
    # of the query's 60 features, the candidates hold 10, 40 and none at the same places
    query, other = made_up(60, 1), made_up(60, 2)
    few, many = part(query, np.arange(10)), part(query, np.arange(40))
    reranked = rerank(
        Config(v=0.0), ranking_of([0, 1, 2]), asked(queries_of, query), held(array_database, few, many, other)
    )
    assert reranked.rows.tolist() == [[1, 0, 2]]
    assert reranked.columns["inliers"][0, :2].tolist() == [40, 10]
    np.testing.assert_allclose(reranked.columns["local"], [[np.log(41), np.log(11), 0]], rtol=1e-6)
    assert (reranked.columns["matches"] >= reranked.columns["inliers"]).all()


def test_matches_elsewhere_in_the_picture_are_no_inliers(made_up, array_database, queries_of, ranking_of):
    query = made_up(60, 1)
    points = query.points.copy()
    points[:, :2] = np.random.default_rng(0).permutation(points[:, :2])
    shuffled = Features(points, query.descriptors, query.scores)
    columns = rerank(
        Config(), ranking_of([0]), asked(queries_of, query), held(array_database, shuffled)
    ).columns
    assert columns["matches"].tolist() == [[60]]
    assert columns["inliers"][0, 0] < 8
    assert columns["local"].tolist() == [[0]]


def test_gate_counts_for_nothing_below_and_fully_at_it(made_up, array_database, queries_of, ranking_of):
    # ten unique descriptors at the same places in both: ten inliers
    features = made_up(10, 3)
    queries, database = asked(queries_of, features), held(array_database, features)
    at, below = (
        rerank(Config(min_inliers=gate), ranking_of([0]), queries, database).columns for gate in (10, 11)
    )
    np.testing.assert_allclose(at["local"], np.log(11), rtol=1e-6)
    assert below["local"].tolist() == [[0]]
    assert at["matches"].tolist() == below["matches"].tolist() == [[10]]


def test_match_must_be_mutual(made_up, array_database, queries_of, ranking_of):
    # two of the query's features are the same: the candidate's one is nearest to the first alone
    features = made_up(20, 4)
    twice = part(features, np.r_[np.arange(20), 0])
    columns = rerank(
        Config(ratio=1.0), ranking_of([0]), asked(queries_of, twice), held(array_database, features)
    ).columns
    assert columns["matches"].tolist() == [[20]]


def test_ratio_of_one_tests_nothing(made_up, array_database, queries_of, ranking_of):
    # every candidate's feature has a twin, so that no nearest one is nearer than the second
    features = made_up(20, 5)
    twins = part(features, np.r_[np.arange(20), np.arange(20)])
    queries, database = asked(queries_of, features), held(array_database, twins)
    matches = [
        rerank(Config(ratio=ratio), ranking_of([0]), queries, database).columns["matches"].tolist()
        for ratio in (1.0, 0.99)
    ]
    assert matches == [[[20]], [[0]]]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"ratio": 1.1}, r"learned\.ratio must lie above 0 and be at most 1, got 1\.1"),
        ({"ratio": 0.0}, r"learned\.ratio must lie above 0"),
        ({"min_inliers": 3}, r"learned\.min_inliers must be at least 4, got 3"),
        ({"v": 2.0}, r"v must be between 0 and 1, got 2\.0"),
        ({"calibration": "sigmoid"}, "needs curve"),
        ({"threshold_px": 0.0}, "threshold_px"),
        ({"tries": 0}, "tries"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)


@pytest.fixture(scope="module")
def aliked():
    """Give ALIKED's features of pixels (h, w, 3)."""
    pytest.importorskip("kornia")
    if not REAL.exists():
        pytest.skip("no trained weights here")
    from extract.local_descriptors import learned as plugin

    extractor = plugin.build(plugin.resolve(plugin.Config(weights=FileRef(str(REAL)))))
    return lambda pixels: extractor.extract(Photo(pixels, pixels.shape[1], pixels.shape[0]))


def test_second_views_are_found_and_other_scenes_are_not(
    aliked, scene, second_view, array_database, queries_of, ranking_of
):
    names = ("astronaut", "coffee", "chelsea")
    queries = asked(queries_of, *(aliked(scene(name)) for name in names))
    views = [aliked(second_view(scene(name), seed)) for seed, name in enumerate(names)]
    reranked = rerank(Config(), ranking_of(*[[0, 1, 2]] * 3), queries, held(array_database, *views))
    same = reranked.rows == np.arange(3)[:, None]
    assert (reranked.columns["inliers"][same] >= 20).all()
    assert (reranked.columns["inliers"][~same] < 8).all()


def test_real_stereo_pair_is_verified(aliked, array_database, queries_of, ranking_of):
    from skimage import data

    left, right, _ = data.stereo_motorcycle()
    pair = [aliked(np.ascontiguousarray(cv2.resize(one[..., :3], (640, 432)))) for one in (left, right)]
    database = array_database({"learned": pair[1:]}, [(640, 432)])
    columns = rerank(Config(), ranking_of([0]), asked(queries_of, pair[0]), database).columns
    assert columns["inliers"][0, 0] >= 30
