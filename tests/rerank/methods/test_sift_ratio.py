import cv2
import numpy as np
import pytest

from extract.errors import ConfigError
from extract.features import Features
from rerank.methods import sift_ratio
from rerank.methods.sift_ratio import Config


def take(features, count):
    return Features(features.points[:count], features.descriptors[:count], features.scores[:count])


def test_local_score_is_the_share_of_query_descriptors_with_a_match(
    made_up, array_database, queries_of, ranking_of
):
    # the candidates hold 6, 3 and 0 of the query's 12 descriptors, and two more each of their own
    query = made_up(12, 1)
    parts = [take(query, count) for count in (6, 3, 0)]
    own = made_up(2, 2)
    database = array_database(
        [
            Features(*(np.concatenate(pair) for pair in zip(vars(part).values(), vars(own).values())))  # noqa: B905
            for part in parts
        ],
        [(400, 300)] * 3,
    )
    reranked = sift_ratio.build(Config(v=0.0)).rerank(ranking_of([2, 1, 0]), queries_of([query]), database)
    assert reranked.rows.tolist() == [[0, 1, 2]]
    assert reranked.columns["matches"].tolist() == [[6, 3, 0]]
    assert reranked.columns["local"].tolist() == [[0.5, 0.25, 0]]
    assert reranked.scores.tolist() == [[0.5, 0.25, 0]]


def test_fused_score_is_that_of_the_thesis(made_up, array_database, queries_of, ranking_of):
    # E5: .8 x global + .2 x share; the query is its own second candidate, so that share is 1
    features = [made_up(20, 1), made_up(20, 2)]
    ranking = ranking_of([1, 0], scores=[[0.9, 0.6]])
    reranked = sift_ratio.build(Config()).rerank(
        ranking, queries_of(features[:1]), array_database(features, [(1, 1)] * 2)
    )
    assert reranked.rows.tolist() == [[1, 0]]
    np.testing.assert_allclose(reranked.scores, [[0.72, 0.68]], rtol=1e-6)


def test_matches_are_those_of_bfmatcher(scene, second_view, describe, array_database, queries_of, ranking_of):
    names = ["astronaut", "coffee", "chelsea"]
    query = describe(scene("coffee"))
    candidates = [describe(second_view(scene(name), 4)) for name in names]
    database = array_database(candidates, [(400, 300)] * 3)
    reranked = sift_ratio.build(Config(v=0.0)).rerank(ranking_of([0, 1, 2]), queries_of([query]), database)
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    for row, matches, local in zip(
        reranked.rows[0], reranked.columns["matches"][0], reranked.columns["local"][0], strict=True
    ):
        pairs = matcher.knnMatch(query.descriptors, candidates[row].descriptors, k=2)
        expected = sum(first.distance < 0.7 * second.distance for first, second in pairs)
        assert matches == expected
        assert local == np.float32(expected / len(query))
    assert reranked.rows[0, 0] == 1


def test_candidates_that_were_not_there_have_no_matches(made_up, array_database, queries_of, ranking_of):
    queries = queries_of([made_up(5), made_up(5)])
    reranked = sift_ratio.build(Config()).rerank(
        ranking_of([0, 1], [1]), queries, array_database([made_up(5)] * 2, [(1, 1)] * 2)
    )
    np.testing.assert_array_equal(np.isnan(reranked.columns["matches"]), [[False, False], [False, True]])


@pytest.mark.parametrize("ratio", [0.0, 1.01, -1.0, float("nan")])
def test_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(ConfigError, match=r"sift-ratio\.ratio must lie above 0 and be at most 1"):
        Config(ratio=ratio)


def test_defaults_are_those_of_the_thesis():
    assert Config() == Config(ratio=0.7, v=0.8, calibration="none")
