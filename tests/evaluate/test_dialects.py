"""Dialects of mAP@k: one list, four figures, each that of the programs it names."""

import numpy as np
import pytest

from evaluate import dialects, metrics
from evaluate.errors import EvaluationError
from evaluate.outcome import Outcome


def outcome_of(hits, num_relevant):
    table = np.array([hits], dtype=bool)
    return Outcome(table, np.array([num_relevant]), np.array([table.shape[1]]))


@pytest.mark.parametrize(
    ("hits", "num_relevant", "k", "gldv2", "trec", "found", "trapezoid"),
    [
        # Ranks 0 and 2 of m = 2: (1 + 2/3) / 2; as trapezoids (1 + (1/2 + 2/3) / 2) / 2 = 0.792.
        ([1, 0, 1, 0], 2, 100, 5 / 6, 5 / 6, 5 / 6, 19 / 24),
        # One of m = 3 is found, at rank 0: what is not found costs nothing where only hits divide.
        ([1, 0, 0], 3, 100, 1 / 3, 1 / 3, 1.0, 1 / 3),
        # Two of m = 5 within k = 2: a perfect list is 1, 2/5 or 1.
        ([1, 1, 1, 1, 1], 5, 2, 1.0, 2 / 5, 1.0, 2 / 5),
        # The hit behind k does not count: (1/2) / min(2, 3); the trapezoid (0/1 + 1/2) / 2 / 2.
        ([0, 1, 0, 1], 2, 3, 1 / 4, 1 / 4, 1 / 2, 1 / 8),
        ([0, 0, 0], 2, 3, 0.0, 0.0, 0.0, 0.0),
        ([], 2, 3, 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_one_list_in_every_dialect(hits, num_relevant, k, gldv2, trec, found, trapezoid):
    outcome = outcome_of(hits, num_relevant)
    for name, expected in {"gldv2": gldv2, "trec": trec, "found": found, "trapezoid": trapezoid}.items():
        assert dialects.build(k, name).per_query(outcome)[0] == pytest.approx(expected, abs=1e-12)


def test_the_plain_name_is_the_dialect_of_gldv2():
    rng = np.random.default_rng(0)
    hits = rng.random((30, 20)) < 0.3
    outcome = Outcome(hits, hits.sum(axis=1) + rng.integers(1, 20, 30), np.full(30, 20))
    np.testing.assert_allclose(
        metrics.parse("map@10").per_query(outcome),
        metrics.parse("map@10:gldv2").per_query(outcome),
        rtol=0,
        atol=1e-15,
    )


def test_the_trapezoid_is_that_of_revisited_oxford_cut_at_k():
    rng = np.random.default_rng(1)
    hits = rng.random((20, 15)) < 0.4
    cut = Outcome(hits[:, :8], hits.sum(axis=1) + 1, np.full(20, 8))
    whole = Outcome(hits, hits.sum(axis=1) + 1, np.full(20, 15))
    metric = metrics.parse("map@8:trapezoid")
    np.testing.assert_array_equal(metric.per_query(cut), metric.per_query(whole))

    def published(line, num_relevant):
        ranks = np.flatnonzero(line)
        sides = [(j / r if r else 1.0) + (j + 1) / (r + 1) for j, r in enumerate(ranks.tolist())]
        return sum(sides) / 2 / num_relevant

    expected = [published(line[:8], m) for line, m in zip(hits, whole.num_relevant, strict=True)]
    np.testing.assert_allclose(metric.per_query(whole), expected, rtol=0, atol=1e-12)


def test_one_more_hit_can_cost_where_only_hits_divide():
    # Alone at rank 1: 1. With a second at rank 5: (1 + 2/5) / 2.
    metric = dialects.build(5, "found")
    assert metric.per_query(outcome_of([1, 0, 0, 0, 0], 2))[0] == 1.0
    assert metric.per_query(outcome_of([1, 0, 0, 0, 1], 2))[0] == pytest.approx(0.7, abs=1e-12)


def test_every_dialect_says_who_speaks_it_and_all_differ():
    assert len(set(dialects.names())) == len(dialects.DIALECTS)
    assert len({(one.divides_by, one.area) for one in dialects.DIALECTS}) == len(dialects.DIALECTS)
    for one in dialects.DIALECTS:
        assert one.used_by
        assert one.description
        assert one.name == one.name.lower()
        assert metrics.parse(f"map@7:{one.name}").name == f"map@7:{one.name}"
        assert metrics.parse(f"map@7:{one.name}").depth == 7


def test_a_query_without_relevant_images_is_refused():
    outcome = Outcome(np.zeros((1, 3), dtype=bool), np.array([0]), np.array([3]))
    with pytest.raises(EvaluationError, match="^map@5:trec needs a relevant image for every query"):
        dialects.build(5, "trec").per_query(outcome)


def test_an_unknown_dialect_is_refused():
    with pytest.raises(EvaluationError) as caught:
        dialects.build(5, "voc")
    assert str(caught.value) == "there is no dialect 'voc' of map@5; there are gldv2, trec, found, trapezoid"
