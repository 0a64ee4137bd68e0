"""The engine on real photographs: search, chains, hits, and what it refuses."""

import numpy as np
import pytest

from extract import recipe as recipes
from extract.errors import ConfigError, PhotoError, PluginError, RecipeMismatchError, StoreError
from extract.photos import Photos
from rerank.ranking import PAD
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
