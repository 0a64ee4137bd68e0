"""What every re-ranker owes its caller, over all that are found in `rerank.methods`."""

import dataclasses
import functools

import numpy as np
import pytest

from extract import plugins
from rerank import chain
from rerank.chain import METHODS
from rerank.ranking import PAD, Ranking

every_method = pytest.mark.parametrize("name", plugins.names(METHODS))
# These search all photographs again and bring in others; all the rest keep to the rows they are given.
SEARCHING = ("aqe", "dba", "diffusion", "neighbourhood")
every_ordering_method = pytest.mark.parametrize(
    "name", [name for name in plugins.names(METHODS) if name not in SEARCHING]
)
every_searching_method = pytest.mark.parametrize("name", SEARCHING)


def build(name, **settings):
    plugin = plugins.load(METHODS, name)
    known = {field.name for field in dataclasses.fields(plugin.Config)}
    return plugin.build(plugin.Config(**{key: value for key, value in settings.items() if key in known}))


@functools.cache
def has_v(name):
    return "v" in {field.name for field in dataclasses.fields(plugins.load(METHODS, name).Config)}


@pytest.fixture(scope="module")
def world(scene, second_view, describe, made_up, made_up_of, array_database, queries_of):
    """Queries with and without features; a database of second views, noise and blank photographs."""
    names = ("astronaut", "coffee", "chelsea")
    asked = {"sift": [*(describe(scene(name), 150) for name in names), made_up(0), made_up(1)]}
    views = [describe(second_view(scene(name), seed), 150) for seed, name in enumerate(names)]
    others = [made_up(40, 7), made_up(0), made_up(1, 8), made_up(150, 9), made_up(2, 10)]
    held = {"sift": [*views, *others]}
    asked["learned"], held["learned"] = asked["sift"], held["sift"]
    for kind in ("vlad", "patch", "asmk"):
        asked[kind] = [made_up_of(kind, count, seed) for seed, count in enumerate((60, 50, 40, 0, 1))]
        # the first three show what the queries show, the fifth shows nothing
        counts = (40, 0, 1, 90, 2)
        held[kind] = [*asked[kind][:3], *(made_up_of(kind, count, 9 + count) for count in counts)]
    rng = np.random.default_rng(0)
    # one query and two candidates without a vector worth the name, and two candidates with the same
    vectors = rng.standard_normal((13, 16)).astype(np.float32)
    vectors[[3, 5, 6]] = 0
    vectors[7] = vectors[8]
    return (
        queries_of(asked, vectors[:5]),
        array_database(held, [(400, 300)] * 8, vectors[5:]),
    )


@pytest.fixture
def ranking(ranking_of):
    """Five queries; the fourth and fifth have no features, the third has one candidate, the last none."""
    return ranking_of([7, 6, 0, 5, 4, 3], [1, 3, 2, 4], [4], [0, 1, 2, 3, 4], [])


@every_ordering_method
@pytest.mark.filterwarnings("error")
def test_rows_stay_the_same_set_a_query(name, world, ranking):
    reranked = build(name).rerank(ranking, *world)
    np.testing.assert_array_equal(np.sort(reranked.rows, axis=1), np.sort(ranking.rows, axis=1))


@every_method
def test_padding_survives_at_the_end(name, world, ranking):
    reranked = build(name).rerank(ranking, *world)
    np.testing.assert_array_equal(reranked.used, ranking.used)
    for values in reranked.columns.values():
        assert np.isnan(values[~ranking.used]).all()


@every_ordering_method
@pytest.mark.parametrize("top", [1, 2, 4, 100])
def test_rows_below_the_head_are_untouched(name, world, ranking, top):
    reranked = chain.parse(name, top=top).rerank(ranking, *world)
    np.testing.assert_array_equal(reranked.rows[:, top:], ranking.rows[:, top:])
    np.testing.assert_array_equal(
        np.sort(reranked.rows[:, :top], axis=1), np.sort(ranking.rows[:, :top], axis=1)
    )


@every_method
def test_query_without_features_keeps_its_order(name, world, ranking):
    if not build(name).needs:
        pytest.skip("reads no local features")
    reranked = build(name).rerank(ranking, *world)
    assert reranked.rows[3].tolist() == ranking.rows[3].tolist()


@every_method
@pytest.mark.filterwarnings("error")
def test_candidates_without_features_keep_their_order(
    name, world, array_database, made_up, made_up_of, ranking
):
    if not build(name).needs:
        pytest.skip("reads no local features")
    nothing = {kind: [made_up_of(kind, 0)] * 8 for kind in ("vlad", "patch", "asmk")}
    blank = array_database(
        {"sift": [made_up(0)] * 8, "learned": [made_up(0)] * 8, **nothing}, [(400, 300)] * 8
    )
    reranked = build(name).rerank(ranking, world[0], blank)
    np.testing.assert_array_equal(reranked.rows, ranking.rows)


@every_method
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("calibration", ["none", "minmax", "zscore"])
def test_empty_ranking_is_given_back(name, world, calibration):
    empty = Ranking(np.zeros((5, 0), np.int64), np.zeros((5, 0), np.float32))
    assert build(name, calibration=calibration).rerank(empty, *world).rows.shape == (5, 0)
    assert chain.parse(name).rerank(empty, *world).rows.shape == (5, 0)


@every_method
@pytest.mark.filterwarnings("error")
def test_ranking_of_padding_alone_is_given_back(name, world):
    padding = Ranking(np.full((5, 3), PAD), np.full((5, 3), -np.inf, np.float32))
    np.testing.assert_array_equal(build(name).rerank(padding, *world).rows, padding.rows)


@every_searching_method
@pytest.mark.filterwarnings("error")
def test_another_search_gives_as_many_rows_with_their_global_scores(name, world, ranking):
    reranked = build(name).rerank(ranking, *world)
    np.testing.assert_array_equal(reranked.used.sum(axis=1), ranking.used.sum(axis=1))
    assert set(reranked.rows[reranked.used]) <= set(range(8))
    expected = world[1].scores(world[0].vectors, reranked.rows)
    np.testing.assert_array_equal(reranked.columns["global"][reranked.used], expected[reranked.used])
    assert not np.isnan(reranked.columns["local"][reranked.used]).any()


@every_searching_method
@pytest.mark.parametrize("top", [1, 2, 4, 100])
def test_rows_that_another_search_does_not_find_follow_it_in_order(name, world, ranking, top):
    head = build(name).rerank(ranking.top(top), *world)
    reranked = chain.parse(name, top=top).rerank(ranking, *world)
    for query, found in enumerate(head.rows):
        found = found[found != PAD].tolist()
        below = [row for row in ranking.rows[query] if row != PAD and row not in found]
        expected = (found + below)[: ranking.rows.shape[1]]
        assert reranked.rows[query, : len(expected)].tolist() == expected
        assert (reranked.rows[query, len(expected) :] == PAD).all()


@every_searching_method
def test_v_of_one_orders_what_another_search_found_by_the_global_score(name, world, ranking):
    reranked = build(name, v=1.0).rerank(ranking, *world)
    found = build(name, v=0.0).rerank(ranking, *world)
    np.testing.assert_array_equal(np.sort(reranked.rows), np.sort(found.rows))
    scores = world[1].scores(world[0].vectors, reranked.rows)
    np.testing.assert_array_equal(reranked.scores, scores)  # which fall, or this would be no ranking


@every_ordering_method
def test_v_of_one_is_the_input_bit_for_bit(name, world, ranking):
    if not has_v(name):
        pytest.skip("has no v")
    reranked = build(name, v=1.0).rerank(ranking, *world)
    assert reranked.rows.tobytes() == ranking.rows.tobytes()
    assert reranked.scores.tobytes() == ranking.scores.tobytes()


@every_method
def test_same_input_gives_the_same_bytes(name, world, ranking):
    first, second = (build(name).rerank(ranking, *world) for _ in range(2))
    assert first.rows.tobytes() == second.rows.tobytes()
    assert first.scores.tobytes() == second.scores.tobytes()
    for column, values in first.columns.items():
        assert values.tobytes() == second.columns[column].tobytes()


@every_method
def test_each_query_is_ranked_as_if_it_were_alone(name, world, ranking):
    queries, database = world
    together = build(name).rerank(ranking, queries, database)
    for place in range(len(queries)):
        part = slice(place, place + 1)
        alone = build(name).rerank(
            Ranking(ranking.rows[part], ranking.scores[part]), queries.one(place), database
        )
        np.testing.assert_array_equal(alone.rows[0], together.rows[place])
        np.testing.assert_array_equal(alone.scores[0], together.scores[place])


@every_method
def test_input_is_not_changed(name, world, ranking):
    rows, scores = ranking.rows.copy(), ranking.scores.copy()
    build(name).rerank(ranking, *world)
    np.testing.assert_array_equal(ranking.rows, rows)
    np.testing.assert_array_equal(ranking.scores, scores)


@every_method
def test_every_setting_has_a_default_and_a_refused_value_has_a_sentence(name):
    config = plugins.load(METHODS, name).Config
    assert config() == config()
    for field in dataclasses.fields(config):
        if field.name in ("v", "ratio"):
            with pytest.raises(Exception, match=field.name):
                config(**{field.name: -1.0})
