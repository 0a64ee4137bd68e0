import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from extract.errors import ConfigError
from rerank.methods import vlad
from rerank.methods.vlad import Config


def rerank(config, ranking, queries, database):
    return vlad.build(config).rerank(ranking, queries, database)


@pytest.fixture
def world(made_up_of, array_database, queries_of):
    """Two queries and nine photographs; the fifth photograph has no keypoint."""
    held = [made_up_of("vlad", row != 4, row) for row in range(9)]
    asked = [made_up_of("vlad", 1, seed) for seed in (20, 3)]
    return queries_of({"vlad": asked}), array_database({"vlad": held}), asked, held


def test_local_score_is_the_cosine_that_scikit_learn_gives(world, ranking_of):
    queries, database, asked, held = world
    rows = np.array([[8, 1, 4, 0, 3], [3, 2, 7, 5, 6]])
    reranked = rerank(Config(v=0.0), ranking_of(*rows.tolist()), queries, database)
    expected = cosine_similarity(*(np.concatenate([f.descriptors for f in fs]) for fs in (asked, held)))
    for query in range(2):
        order = reranked.rows[query]
        np.testing.assert_allclose(reranked.columns["local"][query], expected[query, order], atol=1e-6)
        assert order.tolist() == sorted(rows[query], key=lambda row: -expected[query, row])
    # the second query is the photograph in row 3
    assert reranked.rows[1, 0] == 3
    np.testing.assert_allclose(reranked.scores[1, 0], 1, rtol=1e-6)


def test_order_at_one_half_is_that_of_the_plain_sum(world, ranking_of):
    queries, database, asked, held = world
    scores = np.array([[0.31, 0.3, 0.29, 0.28, 0.27], [0.9, 0.2, 0.1, 0.05, 0.04]], np.float32)
    rows = [[8, 1, 4, 0, 3], [3, 2, 7, 5, 6]]
    reranked = rerank(Config(v=0.5), ranking_of(*rows, scores=scores), queries, database)
    for query in range(2):
        local = [
            float(asked[query].descriptors[0].astype(float) @ held[r].descriptors[0]) for r in rows[query]
        ]
        total = scores[query] + local
        assert reranked.rows[query].tolist() == [rows[query][place] for place in np.argsort(-total)]
        np.testing.assert_allclose(reranked.scores[query], np.sort(total)[::-1] / 2, atol=1e-4)


@pytest.mark.filterwarnings("error")
def test_photographs_without_keypoints_or_without_a_descriptor_have_local_zero(
    made_up_of, placeless, array_database, queries_of, ranking_of
):
    missing = placeless(np.zeros((0, 256), np.float16))
    held = [missing, made_up_of("vlad", 1, 1), made_up_of("vlad", 0), missing]
    for asked, at_one in [(held[1], 1), (held[2], 0), (missing, 0)]:
        reranked = rerank(
            Config(v=0.0),
            ranking_of([0, 1, 2, 3]),
            queries_of({"vlad": [asked]}),
            array_database({"vlad": held}),
        )
        local = dict(zip(reranked.rows[0].tolist(), reranked.columns["local"][0].tolist(), strict=True))
        assert [local[row] for row in (0, 2, 3)] == [0, 0, 0]
        np.testing.assert_allclose(local[1], at_one, rtol=1e-6)


def test_order_of_candidates_and_padding_do_not_matter(world, ranking_of):
    queries, database, *_ = world
    scores = np.full((2, 5), 0.5, np.float32)
    one = rerank(
        Config(v=0.5), ranking_of([8, 1, 4, 0, 3], [3, 2, 7, 5, 6], scores=scores), queries, database
    )
    other = rerank(
        Config(v=0.5), ranking_of([0, 3, 8, 4, 1], [6, 3, 2, 5, 7], scores=scores), queries, database
    )
    padded = rerank(Config(v=0.5), ranking_of([8, 1, 4, 0, 3], [2, 3]), queries, database)
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    assert padded.rows[1].tolist() == [3, 2, -1, -1, -1]
    assert np.isnan(padded.columns["local"][1, 2:]).all()


def test_v_out_of_range_is_refused():
    with pytest.raises(ConfigError, match=r"v must be between 0 and 1, got 1\.5"):
        Config(v=1.5)
