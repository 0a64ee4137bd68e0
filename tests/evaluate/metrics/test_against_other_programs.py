"""Metrics against trec_eval, scikit-learn and pytorch-metric-learning, query by query."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from evaluate import dialects, metrics
from evaluate.embeddings import outcome_from_vectors
from evaluate.outcome import Outcome

EXACT = {"rtol": 0, "atol": 1e-9}


def scores(name, truth, rows):
    return metrics.parse(name).per_query(Outcome.from_rows(truth, rows))


def grades(truth):
    """The gain of every image for every query, 0 where it is wrong."""
    table = np.zeros((len(truth.query_ids), truth.num_images))
    for query, (rows, gains) in enumerate(zip(truth.relevant, truth.gains, strict=True)):
        table[query, rows] = gains
    return table


def order_of(rows, num_images):
    """Scores that make a program rank every image as `rows` do."""
    values = np.empty((len(rows), num_images))
    np.put_along_axis(values, rows, np.arange(num_images, 0, -1.0)[None], axis=1)
    return values


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("map@7:trec", "map_cut_7"),
        ("map@100:trec", "map_cut_100"),
        ("map", "map"),
        ("mrr", "recip_rank"),
        ("precision@5", "P_5"),
        ("precision@40", "P_40"),
        ("r-precision", "Rprec"),
        ("ndcg@10", "ndcg_cut_10"),
        ("hit@1", "success_1"),
        ("recall@4", "success_4"),
    ],
)
@pytest.mark.parametrize("table", ["whole_rows", "cut_rows"])
def test_trec_eval_agrees(name, measure, table, random_truth, request):
    pytrec_eval = pytest.importorskip("pytrec_eval")
    rows = request.getfixturevalue(table)
    relevance = {
        query_id: {str(row): int(gain) for row, gain in enumerate(line) if gain}
        for query_id, line in zip(random_truth.query_ids, grades(random_truth), strict=True)
    }
    runs = {
        query_id: {str(row): -float(rank) for rank, row in enumerate(line) if row >= 0}
        for query_id, line in zip(random_truth.query_ids, rows.tolist(), strict=True)
    }
    stem, _, k = measure.rpartition("_") if measure[-1].isdigit() else (measure, "", "")
    judge = pytrec_eval.RelevanceEvaluator(relevance, {f"{stem}.{k}" if k else stem})
    expected = [judge.evaluate(runs)[query_id][measure] for query_id in random_truth.query_ids]
    np.testing.assert_allclose(scores(name, random_truth, rows), expected, **EXACT)


def test_the_full_map_is_that_of_scikit_learn(random_truth, whole_rows):
    expected = [
        average_precision_score(gains > 0, values)
        for gains, values in zip(grades(random_truth), order_of(whole_rows, 50), strict=True)
    ]
    np.testing.assert_allclose(scores("map", random_truth, whole_rows), expected, **EXACT)


@pytest.mark.parametrize("k", [1, 5, 50, 80])
def test_ndcg_is_that_of_scikit_learn_with_and_without_grades(k, random_truth, whole_rows):
    order = order_of(whole_rows, 50)
    for truth, wanted in ((random_truth, grades(random_truth)), (_ungraded(random_truth), None)):
        gains = grades(random_truth) > 0 if wanted is None else wanted
        expected = [
            ndcg_score(one[None], values[None], k=k) for one, values in zip(gains, order, strict=True)
        ]
        np.testing.assert_allclose(scores(f"ndcg@{k}", truth, whole_rows), expected, **EXACT)


def test_triplet_accuracy_is_the_area_under_the_roc_curve(random_truth, whole_rows):
    expected = [
        roc_auc_score(gains > 0, values)
        for gains, values in zip(grades(random_truth), order_of(whole_rows, 50), strict=True)
    ]
    np.testing.assert_allclose(scores("triplet-accuracy", random_truth, whole_rows), expected, **EXACT)


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("map@r", "mean_average_precision_at_r"),
        ("r-precision", "r_precision"),
        ("precision@1", "precision_at_1"),
        ("map", "mean_average_precision"),
        ("map@50:trec", "mean_average_precision"),
        ("mrr", "mean_reciprocal_rank"),
    ],
)
def test_pytorch_metric_learning_agrees(name, measure):
    calculator = pytest.importorskip("pytorch_metric_learning.utils.accuracy_calculator")
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    labels, query_labels = np.arange(50) % 6, np.arange(23) % 6
    vectors = rng.standard_normal((50, 4)) + labels[:, None] * 0.4
    queries = rng.standard_normal((23, 4)) + query_labels[:, None] * 0.4
    # A second measure, because theirs of reciprocal ranks fails when it stands alone.
    judge = calculator.AccuracyCalculator(
        include=(measure, "precision_at_1"), k=50, device=torch.device("cpu")
    )
    expected = judge.get_accuracy(
        torch.tensor(queries),
        torch.tensor(query_labels),
        torch.tensor(vectors),
        torch.tensor(labels),
        False,
    )
    outcome = outcome_from_vectors(
        queries, query_labels.tolist(), vectors, labels.tolist(), k=50, exclude_self=False
    )
    figure = metrics.parse(name).figure(outcome, np.ones((1, 23)))[0]
    # Their mean of reciprocal ranks is one of float32.
    assert figure == pytest.approx(expected[measure], abs=1e-7 if name == "mrr" else 1e-9)


def test_the_dialect_found_is_scikit_learn_on_the_first_k(random_truth, whole_rows):
    hits = np.take_along_axis(grades(random_truth) > 0, whole_rows, axis=1)[:, :10]
    falling = np.arange(10, 0, -1)
    expected = [average_precision_score(line, falling) if line.any() else 0.0 for line in hits]
    ours = dialects.build(10, "found").per_query(Outcome.from_rows(random_truth, whole_rows))
    np.testing.assert_allclose(ours, expected, **EXACT)


def _ungraded(truth):
    return type(truth)(truth.query_ids, truth.relevant, truth.ignored, truth.usages)
