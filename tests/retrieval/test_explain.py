"""Explanations on real photographs: ranks before and after, matches, homographies in original pixels."""

import dataclasses
import json

import numpy as np
import pytest

from extract import recipe as recipes
from extract import run
from extract.photos import Photos
from rerank.protocols import Queries
from rerank.ranking import Ranking
from retrieval import Engine
from retrieval.engine import Answer
from retrieval.explain import Explanation, LocalMatches, explain, kinds

CHAIN = "sift-geometric"
K = 8


@pytest.fixture(scope="module")
def engine(store):
    return Engine.open(store)


@pytest.fixture(scope="module")
def described(engine, places):
    photos = Photos.read(places.queries).select(range(0, 60, 6))
    return engine.describe(photos, engine.chain(CHAIN)).queries


@pytest.fixture(scope="module")
def answer(engine, described):
    return engine.search(described, K, engine.chain(CHAIN, v=0.3, top=40))


@pytest.fixture(scope="module")
def explained(engine, described, answer):
    return explain(engine, described, answer, engine.chain(CHAIN, v=0.3, top=40))


def test_every_hit_is_explained_in_the_order_of_its_rank(explained, answer):
    assert [len(one) for one in explained] == answer.ranking.used.sum(axis=1).tolist()
    assert all([hit.after for hit in one] == list(range(1, K + 1)) for one in explained)


def test_ranks_before_are_those_of_the_global_search(engine, described, explained, answer):
    plain = engine.search(described, 40, engine.chain("none")).ranking
    moved = 0
    for query, one in enumerate(explained):
        for hit, row in zip(one, answer.ranking.rows[query], strict=True):
            assert plain.rows[query, hit.before - 1] == row
            moved += hit.before != hit.after
    assert moved > 0


def test_matches_and_inliers_are_those_that_the_chain_counted(explained, answer):
    columns = answer.ranking.columns
    for query, one in enumerate(explained):
        found = [(len(hit.matches.inliers), hit.matches.inliers.sum(), hit.local) for hit in one]
        counted = zip(*(columns[name][query] for name in ("matches", "inliers", "local")), strict=True)
        assert found == [tuple(map(float, values)) for values in counted]
    assert any(hit.verified for one in explained for hit in one)


def test_a_homography_is_there_exactly_where_local_evidence_is(explained):
    for hit in (hit for one in explained for hit in one):
        assert hit.verified == (hit.local > 0)


def test_homographies_lead_from_query_pixels_to_hit_pixels(engine, described, explained, answer):
    checked = 0
    for query, one in enumerate(explained):
        for hit, row in zip(one, answer.ranking.rows[query], strict=True):
            found = hit.matches
            assert (found.query_points.max(axis=0, initial=0) < described.sizes[query]).all()
            assert (found.hit_points.max(axis=0, initial=0) < engine.sizes(np.array([row]))[0]).all()
            if not hit.verified:
                continue
            mapped = np.column_stack([found.query_points, np.ones(len(found.query_points))])
            mapped = mapped @ found.homography.T
            errors = np.linalg.norm(mapped[:, :2] / mapped[:, 2:] - found.hit_points, axis=1)
            # An inlier lies within 10 px where the longest side is 1000 px; MAGSAC's bound is a soft one.
            scale = engine.sizes(np.array([row])).max() / 1000
            assert np.median(errors[found.inliers]) < 10 * scale
            checked += 1
    assert checked > 3


def test_the_share_is_that_of_the_querys_keypoints(explained, described):
    for query, one in enumerate(explained):
        count = len(described.features["sift"][query])
        assert [hit.matches.share for hit in one] == [len(hit.matches.inliers) / count for hit in one]


def test_a_chain_without_geometry_is_explained_with_sift_geometric(engine, places):
    path = Photos.read(places.queries).paths[0]
    assert kinds(engine, engine.chain("none")) == {"sift"}
    plain = engine.query(path, K, rerank="none", explain=True)
    assert [hit.explanation.before for hit in plain] == list(range(1, K + 1))
    assert {hit.explanation.local for hit in plain} == {None}
    checked = {hit.id: hit for hit in engine.query(path, 1000, rerank=CHAIN, explain=True)}
    for hit in plain:
        same = checked[hit.id].explanation.matches
        np.testing.assert_array_equal(hit.explanation.matches.inliers, same.inliers)


def test_the_chains_own_settings_are_used(engine, described):
    chain = engine.chain("sift-geometric:min_inliers=60", top=20)
    answer = engine.search(described, K, chain)
    columns = answer.ranking.columns
    for query, one in enumerate(explain(engine, described, answer, chain)):
        assert [hit.matches.inliers.sum() for hit in one] == columns["inliers"][query].tolist()


def test_query_explains_only_when_asked(engine, places):
    path = Photos.read(places.queries).paths[0]
    assert {hit.explanation for hit in engine.query(path, 3)} == {None}


def test_a_store_without_features_gives_ranks_and_scores_alone(places, tmp_path):
    plain = recipes.from_plain({"global": {"kind": "thumbnail"}})
    photos = Photos.read(places.index).select(range(6))
    run.run(photos, plain, tmp_path / "s")
    engine = Engine.open(tmp_path / "s")
    assert kinds(engine, engine.chain()) == frozenset()
    hits = engine.query(photos.paths[2], 3, rerank="none", explain=True)
    assert [hit.explanation.matches for hit in hits] == [None] * 3
    assert hits[0].explanation.sentence() == f"rank 1 -> 1: global {hits[0].global_score:.2f}"


def test_queries_without_features_give_ranks_and_scores_alone(engine, described):
    bare = Queries(described.vectors, described.sizes, {})
    answer = engine.search(bare, 3, engine.chain("none"))
    assert explain(engine, bare, answer, engine.chain("none"))[0][0].matches is None


def test_a_hit_that_was_not_searched_first_came_through_neighbours(engine, described):
    chain = engine.chain("none")
    answer = engine.search(described, 3, chain)
    # As if the last hit had been found on another way, which knows no global score.
    found = Ranking(answer.found.rows[:, :2], answer.found.scores[:, :2])
    columns = {"global": answer.ranking.columns["global"].copy()}
    columns["global"][:, 2] = np.nan
    ranking = answer.ranking.with_columns(columns)
    *_, last = explain(engine, described, Answer(ranking, found), chain)[0]
    assert (last.before, last.global_score) == (None, None)
    assert last.sentence().startswith("rank - -> 3: ")
    assert last.sentence().endswith(", found through the collection's own neighbours")


def made_up(count, inliers, **fields):
    points = np.zeros((count, 2), np.float32)
    homography = np.eye(3) if inliers >= 8 else None
    matches = LocalMatches("sift", points, points, np.arange(count) < inliers, homography, 500)
    values = {"before": 14, "after": 2, "global_score": 0.714, "local": 3.466, "matches": matches}
    return Explanation(**{**values, **fields})


def test_sentences():
    # 46 of 500 keypoints are 9.2 %.
    assert made_up(46, 31).sentence() == (
        "rank 14 -> 2: global 0.71, local 3.47, 46 matches (9% of the query's keypoints), 31 on one plane"
    )
    assert made_up(0, 0, local=0.0).sentence() == "rank 14 -> 2: global 0.71, local 0.00, no local match"
    assert made_up(1, 0, local=None).sentence() == (
        "rank 14 -> 2: global 0.71, 1 match (0% of the query's keypoints), 0 on one plane"
    )


def test_plain_values_are_json():
    values = json.loads(json.dumps(made_up(46, 31).to_dict()))
    assert values["rank_before"] == 14
    assert (values["matches"], values["inliers"], values["matched_share"]) == (46, 31, 0.092)
    assert values["homography"] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    none = dataclasses.replace(made_up(0, 0), matches=None, before=None).to_dict()
    assert {none[name] for name in ("rank_before", "matches", "inliers", "homography")} == {None}


def test_query_prints_explanations_and_gives_them_as_fields(retrieve, store, places):
    photo = Photos.read(places.queries).paths[0]
    arguments = ["query", store, photo, "-k", 3, "--rerank", CHAIN]
    lines = retrieve(*arguments, "--explain").stdout.splitlines()
    assert len(lines) == 1 + 2 * 3
    assert all("-> " in line and "on one plane" in line for line in lines[2::2])
    hits = json.loads(retrieve(*arguments, "--explain", "--json").stdout)["hits"]
    for hit in hits:
        assert hit["explanation"]["inliers"] == hit["inliers"]
        assert hit["explanation"]["sentence"].startswith(f"rank {hit['explanation']['rank_before']} -> ")
    assert "explanation" not in json.loads(retrieve(*arguments, "--json").stdout)["hits"][0]
