import numpy as np
import pytest

from extract.errors import ConfigError
from rerank.matching.maxsim import mean_of_best
from rerank.methods import patch_maxsim
from rerank.methods.patch_maxsim import Config


def rerank(config, ranking, queries, database):
    return patch_maxsim.build(config).rerank(ranking, queries, database)


def test_patches_that_moved_in_the_picture_are_found_again(
    made_up_of, placeless, array_database, queries_of, ranking_of
):
    query = made_up_of("patch", 49, 1)
    moved = placeless(query.descriptors[::-1].copy())
    half = placeless(np.concatenate([query.descriptors[:24], made_up_of("patch", 25, 2).descriptors]))
    database = array_database({"patch": [made_up_of("patch", 49, 3), half, moved]})
    reranked = rerank(Config(v=0.0), ranking_of([0, 1, 2]), queries_of({"patch": [query]}), database)
    assert reranked.rows.tolist() == [[2, 1, 0]]
    local = reranked.columns["local"][0]
    np.testing.assert_allclose(local[0], 1, rtol=1e-6)
    assert local[2] + 0.2 < local[1] < 0.8


def test_fused_score_is_that_of_the_thesis(made_up_of, array_database, queries_of, ranking_of):
    # E7: .4 x global + .6 x local; row 0 is the query itself, so its local score is 1
    held = [made_up_of("patch", 49, 1), made_up_of("patch", 49, 2)]
    queries, database = queries_of({"patch": held[:1]}), array_database({"patch": held})
    reranked = rerank(Config(v=0.4), ranking_of([1, 0], scores=[[0.9, 0.5]]), queries, database)
    other = mean_of_best(held[0].descriptors, database.features("patch", [1]))[0]
    assert reranked.rows.tolist() == [[0, 1]]
    np.testing.assert_allclose(reranked.scores, [[0.8, 0.36 + 0.6 * other]], rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_photographs_without_patches_have_local_zero_and_keep_their_order(
    made_up_of, array_database, queries_of, ranking_of
):
    held = [made_up_of("patch", count, 5 + count) for count in (0, 49, 0, 1)]
    database, ranking = array_database({"patch": held}), ranking_of([0, 1, 2, 3])
    for asked, first in [(held[1], 1), (held[3], 3), (held[0], 0)]:
        reranked = rerank(Config(v=0.0), ranking, queries_of({"patch": [asked]}), database)
        assert reranked.rows[0, 0] == first
        local = dict(zip(reranked.rows[0].tolist(), reranked.columns["local"][0].tolist(), strict=True))
        assert (local[0], local[2]) == (0, 0)


def test_queries_of_one_call_do_not_mix_and_padding_stays(made_up_of, array_database, queries_of, ranking_of):
    held = [made_up_of("patch", 49, row) for row in range(4)]
    queries = queries_of({"patch": [held[2], held[0], held[1]]})
    reranked = rerank(
        Config(v=0.4), ranking_of([0, 1, 2, 3], [3, 0], []), queries, array_database({"patch": held})
    )
    assert reranked.rows[:, 0].tolist() == [2, 0, -1]
    np.testing.assert_array_equal(np.isnan(reranked.columns["local"]), ~reranked.used)


def test_v_out_of_range_is_refused():
    with pytest.raises(ConfigError, match=r"v must be between 0 and 1, got -0\.1"):
        Config(v=-0.1)
