"""The engine on real photographs: search, chains, hits, and what it refuses."""

import numpy as np
import pytest

from extract import recipe as recipes
from extract.errors import ConfigError, PhotoError, PluginError, RecipeMismatchError, StoreError
from extract.photos import Photos
from rerank.ranking import PAD, Ranking
from retrieval import Engine


@pytest.fixture(scope="module")
def engine(store):
    return Engine.open(store)


@pytest.fixture(scope="module")
def described(engine, places):
    photos = Photos.read(places.queries).select(range(12))
    return engine.describe(photos, engine.chain("sift-geometric"))


def test_an_indexed_photo_finds_itself_first(engine, places):
    photos = Photos.read(places.index)
    hits = engine.query(photos.paths[5], k=3, rerank="none")
    assert hits[0].id == photos.ids[5]
    # The store keeps vectors in half precision: a cosine is right to about 1e-3.
    assert hits[0].score == pytest.approx(1.0, abs=2e-3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert hits[0].local is None


def test_search_gives_what_a_plain_product_gives(engine, described):
    ranking = engine.search(described.queries, 20, engine.chain("none")).ranking
    scores = described.queries.vectors @ engine.store.vectors().T
    expected = np.sort(scores, axis=1)[:, ::-1][:, :20]
    np.testing.assert_allclose(ranking.scores, expected, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(scores, ranking.rows, axis=1), expected, atol=1e-6)


def test_v_of_one_leaves_the_global_ranking_bit_for_bit(engine, described):
    plain = engine.search(described.queries, 50, engine.chain("none")).ranking
    same = engine.search(described.queries, 50, engine.chain("sift-ratio,sift-geometric", v=1.0)).ranking
    np.testing.assert_array_equal(same.rows, plain.rows)
    np.testing.assert_array_equal(same.scores, plain.scores)


def test_rows_below_the_head_keep_their_order(engine, described):
    plain = engine.search(described.queries, 60, engine.chain("none")).ranking
    chain = engine.chain("sift-geometric", v=0.2, top=10)
    ranking = engine.search(described.queries, 60, chain).ranking
    np.testing.assert_array_equal(ranking.rows[:, 10:], plain.rows[:, 10:])
    np.testing.assert_array_equal(np.sort(ranking.rows[:, :10]), np.sort(plain.rows[:, :10]))


def test_k_larger_than_the_store_gives_every_photo_once(engine, described):
    ranking = engine.search(described.queries, 10_000, engine.chain("none")).ranking
    assert ranking.rows.shape[1] == engine.store.num_rows
    assert (ranking.rows != PAD).all()


def test_an_excluded_row_is_not_found(engine, described):
    first = engine.search(described.queries, 5, engine.chain("none")).ranking.rows[:, 0]
    ranking = engine.search(described.queries, 5, engine.chain("none"), exclude=first).ranking
    assert ranking.rows.shape == (len(described.queries), 5)
    assert not (ranking.rows == first[:, None]).any()


def test_geometry_ranks_the_place_itself_higher(engine, places):
    photos = Photos.read(places.queries)
    truth = engine.store.records.labels
    described = engine.describe(photos, engine.chain("sift-geometric"))
    first = {}
    for text in ("none", "sift-geometric"):
        ranking = engine.search(described.queries, 1, engine.chain(text, v=0.3)).ranking
        first[text] = np.mean(
            [truth[row] == label for row, label in zip(ranking.rows[:, 0], photos.labels, strict=True)]
        )
    assert first["sift-geometric"] > first["none"] + 0.2


def test_unreadable_query_is_one_sentence(engine, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no more")
    with pytest.raises(PhotoError, match=r"broken\.jpg"):
        engine.query(broken)


def test_unknown_re_ranker_names_the_nearest(engine):
    with pytest.raises(PluginError, match="did you mean 'sift-ratio'"):
        engine.chain("sift-ration")


@pytest.mark.parametrize("v", [-0.1, 1.1, float("nan")])
def test_v_out_of_range_is_refused(engine, v):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        engine.chain("sift-ratio", v=v)


def test_chain_without_its_descriptors_names_the_option(places, tmp_path):
    from extract import run

    plain = recipes.from_plain({"global": {"kind": "thumbnail"}})
    run.run(Photos.read(places.index).select(range(4)), plain, tmp_path / "s")
    with pytest.raises(StoreError, match="--local sift"):
        Engine.open(tmp_path / "s").chain("sift-geometric")


def test_another_recipe_is_refused_and_another_chain_is_not(store, small_recipe):
    values = small_recipe.to_plain()
    other = recipes.from_plain({**values, "global": {"kind": "thumbnail", "side_px": 9}})
    with pytest.raises(RecipeMismatchError, match=other.digest):
        Engine.open(store, other)
    tuned = recipes.from_plain({**values, "rerank": {"chain": "sift-ratio", "sift-ratio": {"v": 0.5}}})
    assert Engine.open(store, tuned).chain().text == "sift-ratio"


SEARCHING = [
    "neighbourhood",
    "dba",
    "aqe",
    "diffusion",
    "neighbourhood,sift-geometric:top=5",
    "sift-geometric,aqe:min_inliers=8,diffusion:space=own",
]


@pytest.fixture(scope="module")
def own_photos(engine, places):
    """Queries that are photographs of the index themselves, and their rows."""
    photos = Photos.read(places.index).select(range(0, 40, 5))
    described = engine.describe(photos, engine.chain("sift-geometric"))
    return described.queries, np.array([engine.rows_by_id[photo] for photo in photos.ids])


@pytest.mark.parametrize("text", SEARCHING)
@pytest.mark.parametrize(("k", "top"), [(5, 10), (10, 10), (30, 10)])
def test_an_excluded_row_is_not_found_by_another_search_either(engine, own_photos, text, k, top):
    queries, rows = own_photos
    chain = engine.chain(text, top=top)
    assert (engine.search(queries, k, chain).ranking.rows == rows[:, None]).any(axis=1).all()
    ranking = engine.search(queries, k, chain, exclude=rows).ranking
    assert not (ranking.rows == rows[:, None]).any()
    assert ranking.rows.shape == (len(rows), k)
    assert (ranking.rows != PAD).all()


@pytest.mark.parametrize("text", SEARCHING)
def test_no_excluded_row_is_no_difference(engine, own_photos, text):
    queries, rows = own_photos
    chain = engine.chain(text, top=10)
    plain = engine.search(queries, 10, chain).ranking
    same = engine.search(queries, 10, chain, exclude=np.full(len(rows), PAD)).ranking
    np.testing.assert_array_equal(same.rows, plain.rows)
    np.testing.assert_array_equal(same.scores, plain.scores)


@pytest.mark.parametrize("text", SEARCHING)
def test_another_search_with_k_above_the_store_gives_every_photo_once(engine, own_photos, text):
    queries, rows = own_photos
    ranking = engine.search(queries, 10_000, engine.chain(text), exclude=rows).ranking
    for found, gone in zip(ranking.rows, rows, strict=True):
        assert sorted(found[found != PAD]) == [row for row in range(engine.store.num_rows) if row != gone]


def test_photographs_that_another_search_brings_in_have_their_global_score(engine, described):
    chain = engine.chain("neighbourhood", top=10)
    answer = engine.search(described.queries, 10, chain)
    new = ~np.array(
        [np.isin(rows, found) for rows, found in zip(answer.ranking.rows, answer.found.rows, strict=True)]
    )
    assert new.any()
    scores = described.queries.vectors @ engine.store.vectors().T
    expected = np.take_along_axis(scores, answer.ranking.rows, axis=1)
    np.testing.assert_allclose(answer.ranking.columns["global"], expected, atol=1e-6)
    for hits, global_scores in zip(engine.hits(answer.ranking), expected, strict=True):
        np.testing.assert_allclose([hit.global_score for hit in hits], global_scores, atol=1e-6)


def test_a_hit_without_a_global_score_says_so(engine):
    nan = np.nan
    columns = {"global": np.float32([[0.5, nan]]), "local": np.float32([[nan, 2]])}
    ranking = Ranking(np.array([[3, 1]]), np.float32([[0.9, 0.8]]), columns)
    first, second = engine.hits(ranking)[0]
    assert (first.global_score, first.local) == (0.5, None)
    assert (second.global_score, second.local) == (None, 2)


def test_spaces_hold_every_indexed_photo(engine):
    for name in ("global", "own"):
        space = engine.space(name)
        assert space is engine.space(name)
        np.testing.assert_array_equal(space.rows, engine.index.rows)
        np.testing.assert_allclose(np.linalg.norm(space.vectors, axis=1), 1, atol=2e-3)
    assert engine.space("global").adaptation is None


def test_scores_are_those_of_the_first_search(engine, described):
    found = engine.search(described.queries, 20, engine.chain("none")).ranking
    scores = engine.scores(described.queries.vectors, found.rows)
    np.testing.assert_allclose(scores, found.scores, atol=1e-6)
    assert engine.scores(described.queries.vectors[:1], np.array([[PAD]])).tolist() == [[-np.inf]]
