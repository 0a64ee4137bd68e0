import numpy as np

from extract.features import Features, pack
from rerank import ransac
from rerank.geometric import Geometry, evidence, matches_and_inliers, verify
from rerank.matching.ratio import Matches


def by_position(query, candidates, *, visit):
    """A matcher that pairs descriptors by their place."""
    counts = np.minimum(len(query), np.diff(candidates.offsets))
    return [
        visit(place, Matches(np.arange(count), np.arange(count), np.zeros(count, np.float32)))
        for place, count in enumerate(counts)
    ]


def geometry(min_inliers=8, threshold_px=5.0):
    return Geometry("any", by_position, min_inliers, ransac.Config(threshold_px=threshold_px))


def test_inliers_are_counted_at_one_size_for_all(made_up, array_database, queries_of, ranking_of):
    # the same points in a picture four times as large, each off by 12 of its 1600 px: 7.5 px at 1000
    query = made_up(30, 1)
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 30)
    points = query.points * np.float32([4, 4, 4, 1])
    points[:, :2] += 12 * np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    moved = Features(points, query.descriptors, query.scores)
    database = array_database({"any": [moved]}, [(1600, 1200)])
    loose, strict = (
        matches_and_inliers(ranking_of([0]), queries_of({"any": [query]}), database, geometry(4, threshold))
        for threshold in (20.0, 1.0)
    )
    assert loose["matches"].tolist() == strict["matches"].tolist() == [[30]]
    assert loose["inliers"].tolist() == [[30]]
    assert strict["inliers"][0, 0] < 15


def test_few_matches_are_not_verified(made_up, array_database, queries_of, ranking_of):
    features = made_up(7, 2)
    queries, database = queries_of({"any": [features]}), array_database({"any": [features]}, [(400, 300)])
    at, below = (matches_and_inliers(ranking_of([0]), queries, database, geometry(gate)) for gate in (7, 8))
    assert (at["inliers"].tolist(), below["inliers"].tolist()) == ([[7]], [[0]])
    assert below["matches"].tolist() == [[7]]


def test_places_without_a_candidate_have_no_number(made_up, array_database, queries_of, ranking_of):
    features = [made_up(9, 3), made_up(9, 4)]
    columns = matches_and_inliers(
        ranking_of([0, 1], [], [1]),
        queries_of({"any": [*features, features[0]]}),
        array_database({"any": features}, [(400, 300)] * 2),
        geometry(),
    )
    for values in columns.values():
        np.testing.assert_array_equal(np.isnan(values), [[False, False], [True, True], [False, True]])


def test_homography_leads_from_the_querys_pixels_to_the_candidates(made_up):
    # the candidate's picture is three times as large, and its points lie 30 px further right
    query = made_up(30, 5)
    points = query.points * np.float32([3, 3, 3, 1]) + np.float32([30, 0, 0, 0])
    candidates = pack([Features(points, query.descriptors, query.scores)])
    ((_, verified),) = verify(query, np.int32([400, 300]), candidates, np.int32([[1200, 900]]), geometry())
    assert verified.count == 30
    np.testing.assert_allclose(verified.homography, [[3, 0, 30], [0, 3, 0], [0, 0, 1]], atol=0.02)


def test_evidence_begins_at_the_gate():
    found = evidence(np.float32([[7, 8, 99, np.nan]]), 8)
    np.testing.assert_allclose(found, [[0, np.log(9), np.log(100), 0]], rtol=1e-6)
    assert found.dtype == np.float32
