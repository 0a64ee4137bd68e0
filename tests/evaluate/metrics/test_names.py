"""Metrics are found by name; an unknown name is answered with a near one and the list."""

from pathlib import Path

import pytest

from evaluate import dialects, metrics
from evaluate.errors import EvaluationError
from evaluate.metrics import map, map_at_k, map_at_r, recall_at_k, roxford_hard_mp_at_k
from evaluate.metrics.first_hit_median import FirstHitMedian
from evaluate.metrics.knn_f1 import NeighbourVoteF1


def refusal(name):
    with pytest.raises(EvaluationError) as caught:
        metrics.parse(name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("map@100", map_at_k.build(100)),
        ("map@007", map_at_k.build(7)),
        ("recall@5", recall_at_k.build(5)),
        ("knn-f1", NeighbourVoteF1()),
        ("map", map.build(None)),
        ("map@r", map_at_r.build(None)),
        ("map@R", map_at_r.build(None)),
        ("map@100:trec", dialects.build(100, "trec")),
        ("roxford-hard-mp@10", roxford_hard_mp_at_k.build(10)),
        ("first-hit-median", FirstHitMedian()),
    ],
)
def test_a_name_is_the_metric(name, metric):
    assert metrics.parse(name) == metric


def test_the_list_is_that_of_the_files():
    assert {"knn-f1", "map@K", "map@r", "map", "gap"} <= set(metrics.names())
    assert len(metrics.names()) == len(list(Path(metrics.__file__).parent.glob("*.py"))) - 1
    assert list(metrics.names()) == sorted(metrics.names())


def test_a_new_file_is_a_new_metric(tmp_path, monkeypatch):
    (tmp_path / "first_hit_at_k.py").write_text("def build(k):\n    return ('first hit', k)\n")
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(tmp_path)])
    assert "first-hit@K" in metrics.names()
    assert metrics.parse("first-hit@3") == ("first hit", 3)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("mpa@100", "map@100"),
        ("mAP@100", "map@100"),
        ("mAP@100:trec", "map@100"),
        ("mAP@R", "map@r"),
        ("mAP", "map"),
        ("recal@5", "recall@5"),
        ("recall", "recall@K"),
        ("NDCG", "ndcg@K"),
        ("ROxford-medium", "roxford-medium"),
        ("roxford_easy_mP@10", "roxford-easy-mp@10"),
        ("top-1", "top1"),
        ("mrr@10", "mrr"),
        ("GAP", "gap"),
        ("knn_f1", "knn-f1"),
        ("knn-f1@5", "knn-f1"),
    ],
)
def test_a_typo_is_answered_with_the_near_name(name, near):
    assert refusal(name) == (
        f"there is no metric {name!r} (did you mean {near!r}?); "
        f"there are {', '.join(metrics.names())} (K is a positive integer)"
    )


@pytest.mark.parametrize("name", ["", "@", "xyzzy", "os", "..errors", "map_at_k", "base"])
def test_an_unknown_name_lists_what_there_is(name):
    assert refusal(name).startswith(f"there is no metric {name!r}")
    assert refusal(name).endswith(f"there are {', '.join(metrics.names())} (K is a positive integer)")


@pytest.mark.parametrize("k", ["", "0", "00", "-1", "1.5", "K", "five", " 5", "5\n", "\u0665", "1" * 5000])
def test_k_must_be_a_positive_integer(k):
    assert refusal(f"map@{k}") == (
        f"the k of {f'map@{k}'!r} must be a positive integer, as in 'map@10'; got {k!r}"
    )


def test_a_number_that_is_missing_is_asked_for_even_where_r_would_do_elsewhere():
    assert refusal("recall@r") == (
        "the k of 'recall@r' must be a positive integer, as in 'recall@10'; got 'r'"
    )


@pytest.mark.parametrize("name", ["recall@5:trec", "map:trec", "map@r:trec", "knn-f1:"])
def test_only_map_at_k_has_dialects(name):
    assert refusal(name) == f"only map@K has dialects, as in 'map@100:trec'; got {name!r}"


def test_an_unknown_dialect_lists_those_there_are():
    assert refusal("map@100:voc") == (
        "there is no dialect 'voc' of map@100; there are gldv2, trec, found, trapezoid"
    )
