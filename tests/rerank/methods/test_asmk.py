import numpy as np
import pytest

from extract.errors import ConfigError
from rerank.matching.binary_kernel import similarities
from rerank.methods import asmk
from rerank.methods.asmk import Config


def rerank(config, ranking, queries, database):
    return asmk.build(config).rerank(ranking, queries, database)


def take(placeless, features, places):
    return placeless(features.descriptors[places])


def test_candidates_with_more_of_the_same_words_come_first(
    made_up_of, placeless, array_database, queries_of, ranking_of
):
    # of the query's 64 words the candidates hold 16, 0 and 64 with the same signs, and nothing else:
    # 16 / sqrt(64 * 16) = .5, 0 and 64 / 64 = 1
    query = made_up_of("asmk", 64, 1)
    held = [take(placeless, query, slice(0, count, step)) for count, step in ((64, 4), (0, 1), (64, 1))]
    reranked = rerank(
        Config(v=0.0), ranking_of([0, 1, 2]), queries_of({"asmk": [query]}), array_database({"asmk": held})
    )
    assert reranked.rows.tolist() == [[2, 0, 1]]
    np.testing.assert_allclose(reranked.columns["local"], [[1, 0.5, 0]], rtol=1e-6)
    assert reranked.columns["words"].tolist() == [[64, 16, 0]]


def test_settings_reach_the_kernel(made_up_of, array_database, queries_of, ranking_of):
    query, held = made_up_of("asmk", 100, 1), [made_up_of("asmk", 100, row) for row in (2, 3)]
    database = array_database({"asmk": held})
    ranking = ranking_of([0, 1])
    for alpha, tau in [(3.0, 0.0), (1.0, 0.1), (2.0, -1.0)]:
        reranked = rerank(
            Config(alpha=alpha, tau=tau, v=0.0), ranking, queries_of({"asmk": [query]}), database
        )
        found = similarities(query.descriptors, database.features("asmk", [0, 1]), alpha=alpha, tau=tau)
        expected = {row: found.kernel[row] for row in (0, 1)}
        assert reranked.columns["local"][0].tolist() == [expected[row] for row in reranked.rows[0]]
        assert (found.kernel != 0).all()


def test_default_adds_both_scores_in_equal_parts(made_up_of, array_database, queries_of, ranking_of):
    features = made_up_of("asmk", 30, 1)
    reranked = rerank(
        Config(), ranking_of([0], scores=[[0.4]]), queries_of({"asmk": [features]}),
        array_database({"asmk": [features]}),
    )  # fmt: skip
    np.testing.assert_allclose(reranked.scores, [[0.7]], rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_photographs_without_words_have_local_zero(made_up_of, array_database, queries_of, ranking_of):
    held = [made_up_of("asmk", count, 5) for count in (0, 60, 1, 0)]
    database = array_database({"asmk": held})
    for asked, first in [(held[1], 1), (held[2], 2), (held[0], 0)]:
        reranked = rerank(Config(v=0.0), ranking_of([0, 1, 2, 3]), queries_of({"asmk": [asked]}), database)
        assert reranked.rows[0, 0] == first
        local = dict(zip(reranked.rows[0].tolist(), reranked.columns["local"][0].tolist(), strict=True))
        assert (local[0], local[3]) == (0, 0)


def test_words_of_padding_are_unknown(made_up_of, array_database, queries_of, ranking_of):
    held = [made_up_of("asmk", 30, row) for row in range(3)]
    reranked = rerank(
        Config(), ranking_of([0, 1, 2], [2]), queries_of({"asmk": held[:2]}), array_database({"asmk": held})
    )
    np.testing.assert_array_equal(np.isnan(reranked.columns["words"]), ~reranked.used)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"alpha": 0.0}, "asmk.alpha must be a finite number above 0, got 0.0"),
        ({"alpha": float("inf")}, "asmk.alpha must be a finite number above 0, got inf"),
        ({"alpha": float("nan")}, "asmk.alpha must be a finite number above 0, got nan"),
        ({"tau": 1.0}, "asmk.tau must be at least -1 and less than 1, got 1.0"),
        ({"tau": -1.1}, "asmk.tau must be at least -1 and less than 1, got -1.1"),
        ({"v": 2.0}, "v must be between 0 and 1, got 2.0"),
    ],
)
def test_setting_out_of_range_is_refused(setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config(**setting)
