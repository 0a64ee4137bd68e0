"""Evaluation from vectors alone: an exact search, triplets and k-shot."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from evaluate import embeddings, metrics
from evaluate.embeddings import k_shot, outcome_from_vectors, triplet_accuracy
from evaluate.errors import EvaluationError


def line(*places):
    """Vectors on a line."""
    return np.array(places, dtype=float)[:, None]


def test_triplets_by_hand():
    # Distances to the positive and the negative: 1 and 2, 3 and 2, 2 and 2 (a tie is wrong).
    right = triplet_accuracy(line(0, 0, 0), line(1, 3, 2), line(-2, 2, -2))
    assert right.tolist() == [True, False, False]
    assert right.mean() == pytest.approx(1 / 3)


def test_triplets_are_those_of_a_plain_loop():
    anchors, positives, negatives = np.random.default_rng(0).standard_normal((3, 60, 5)).astype(np.float32)
    expected = [
        sum((a - p) ** 2 for a, p in zip(one, near, strict=True))
        < sum((a - n) ** 2 for a, n in zip(one, far, strict=True))
        for one, near, far in zip(anchors.tolist(), positives.tolist(), negatives.tolist(), strict=True)
    ]
    assert triplet_accuracy(anchors, positives, negatives).tolist() == expected


def test_k_shot_by_hand():
    # The space: known classes at 0 and 10, two support images of the unseen class c at 4 and 7.
    space, labels = line(0, 10, 4, 7), ["a", "b", "c", "c"]
    queries = line(5, 1, 9)
    assert k_shot(space, labels, queries, ["c", "c", "c"], 1).tolist() == [True, False, False]
    assert k_shot(space, labels, queries, ["c", "c", "c"], 2).tolist() == [True, True, True]


def test_k_shot_needs_an_image_of_each_class():
    with pytest.raises(EvaluationError, match="'query 1' has no relevant image.*'z'"):
        k_shot(line(0, 1), ["a", "b"], line(0, 1), ["a", "z"], 1)


@pytest.mark.parametrize("distance", ["l2", "cosine"])
@pytest.mark.parametrize("exclude_self", [False, True])
@pytest.mark.parametrize("k", [1, 7, 500])
def test_the_search_is_exact_in_blocks(distance, exclude_self, k, monkeypatch):
    # Seven queries a block.
    monkeypatch.setattr(embeddings, "_MAX_NUMBERS", 60 * 7)
    rng = np.random.default_rng(2)
    vectors, labels = rng.standard_normal((60, 6)), (np.arange(60) % 5).tolist()
    queries = vectors if exclude_self else rng.standard_normal((25, 6))
    query_labels = labels if exclude_self else (np.arange(25) % 5).tolist()
    outcome = outcome_from_vectors(
        queries, query_labels, vectors, labels, k=k, exclude_self=exclude_self, distance=distance
    )
    if distance == "cosine":
        distances = cosine_distances(queries, vectors)
    else:
        distances = ((queries[:, None] - vectors) ** 2).sum(axis=2)
    for query, row in enumerate(distances):
        order = [place for place in row.argsort().tolist() if not (exclude_self and place == query)][:k]
        assert outcome.hits[query].tolist() == [labels[place] == query_labels[query] for place in order]
        assert outcome.num_relevant[query] == labels.count(query_labels[query]) - exclude_self
        assert outcome.irrelevant.num[query] == 60 - labels.count(query_labels[query])
        wrong = [labels[place] != query_labels[query] for place in order]
        assert outcome.irrelevant.ranked[query].tolist() == wrong
        # Squared L2 of unit vectors is twice the cosine distance.
        least = row[order[0]] * (2 if distance == "cosine" else 1)
        assert outcome.confidences.values[query] == pytest.approx(-least, abs=1e-12)


def test_equal_distances_stand_in_the_order_of_rows():
    # Rows 1 and 3 are the same photograph, rows 0, 2 and 4 are as far on the other side; k cuts among them.
    vectors = np.random.default_rng(3).standard_normal((1, 40)) * np.array([-1, 1, -1, 1, -1])[:, None]
    labels = ["a", "b", "c", "d", "e"]
    outcome = outcome_from_vectors(np.zeros((5, 40)), labels, vectors, labels, k=3, exclude_self=False)
    assert outcome.hits.argmax(axis=1)[:3].tolist() == [0, 1, 2]
    assert outcome.hits.any(axis=1).tolist() == [True, True, True, False, False]


def test_vectors_far_from_the_origin_lose_no_digits():
    # Differences of 1e-4 beside numbers of 1e6: in |q|^2 - 2qv + |v|^2 they drown.
    rng = np.random.default_rng(6)
    vectors, queries = 1e6 + 1e-4 * rng.standard_normal((2, 50, 8))
    labels = [str(place) for place in range(50)]
    outcome = outcome_from_vectors(queries, labels, vectors, labels, k=5, exclude_self=False)
    distances = ((queries[:, None] - vectors) ** 2).sum(axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :5]
    assert outcome.hits.tolist() == (nearest == np.arange(50)[:, None]).tolist()
    assert 0 < outcome.hits.sum() < 50


def test_every_metric_but_those_of_revisited_oxford_works_on_vectors():
    rng = np.random.default_rng(4)
    labels = (np.arange(40) % 4).tolist()
    vectors = rng.standard_normal((40, 3)) + 2 * np.eye(4, 3)[labels]
    outcome = outcome_from_vectors(vectors, labels, vectors, labels, k=39, exclude_self=True)
    for name in metrics.names():
        if not name.startswith("roxford"):
            figure = metrics.parse(name.replace("K", "5")).figure(outcome, np.ones((1, 40)))[0]
            assert 0.0 < figure < 40.0
    # The query's own image is in no list: nobody is its own neighbour.
    assert outcome.num_answers.tolist() == [39] * 40


def test_k_shot_is_hit_at_k():
    rng = np.random.default_rng(5)
    vectors, queries = rng.standard_normal((30, 4)), rng.standard_normal((20, 4))
    labels, query_labels = (np.arange(30) % 6).tolist(), (np.arange(20) % 6).tolist()
    outcome = outcome_from_vectors(queries, query_labels, vectors, labels, k=30, exclude_self=False)
    right = k_shot(vectors, labels, queries, query_labels, 5)
    assert right.tolist() == (metrics.parse("hit@5").per_query(outcome) == 1).tolist()
    assert 0 < right.mean() < 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "k must be 1 or more, got 0"),
        ({"labels": ["a"]}, "there must be a label for each vector"),
        ({"vectors": np.ones((2, 3))}, "vectors must have one length, got 2 and 3"),
        ({"vectors": np.array([[0.0, np.nan], [1, 2]])}, r"vectors must be \(N, D\) finite numbers"),
        ({"query_vectors": np.ones(2)}, r"query_vectors must be \(N, D\) finite numbers, got shape \(2,\)"),
        ({"exclude_self": True}, "with exclude_self the queries must be the vectors themselves"),
        (
            {"distance": "cosine", "vectors": np.eye(2) * [1, 0]},
            "the vector in row 1 is 0 and has no direction",
        ),
    ],
)
def test_wrong_arrays_are_refused(change, message):
    arguments = {
        "query_vectors": np.ones((1, 2)),
        "query_labels": ["a"],
        "vectors": np.eye(2),
        "labels": ["a", "b"],
        "k": 1,
        "exclude_self": False,
    }
    with pytest.raises(ValueError, match=message):
        outcome_from_vectors(**{**arguments, **change})


def test_triplets_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="triplets must have one shape"):
        triplet_accuracy(np.ones((2, 3)), np.ones((2, 3)), np.ones((1, 3)))
