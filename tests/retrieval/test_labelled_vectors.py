"""The exact nearest labelled vectors: as a slow search finds them, ties by place, some left out."""

import numpy as np

from retrieval.labelled_vectors import LabelledVectors


def labelled(vectors):
    count = len(vectors)
    names = tuple(str(place) for place in range(count))
    return LabelledVectors(names, names, np.asarray(vectors, np.float32))


def test_agrees_with_a_slow_search(monkeypatch):
    monkeypatch.setattr("retrieval.labelled_vectors._MAX_DISTANCES", 100)
    rng = np.random.default_rng(0)
    known = labelled(rng.standard_normal((40, 6)))
    queries = rng.standard_normal((7, 6)).astype(np.float32)
    places, distances = known.nearest(queries, 5)
    for query, found, far in zip(queries, places, distances, strict=True):
        slow = [float(np.sqrt(sum((a - b) ** 2 for a, b in zip(query.tolist(), one, strict=True))))
                for one in known.vectors.tolist()]  # fmt: skip
        assert found.tolist() == sorted(range(40), key=slow.__getitem__)[:5]
        np.testing.assert_allclose(far, sorted(slow)[:5], rtol=1e-6)


def test_the_nearest_is_found_where_the_rounding_of_the_product_hides_it():
    # Products of vectors so far from 0 err by more than the steps of these distances, 0 to 9 hundredths.
    rng = np.random.default_rng(0)
    query = rng.standard_normal(256).astype(np.float32) * 300
    steps = rng.permutation(10)
    vectors = query + steps[:, None] * np.eye(10, 256) / 100
    places, _ = labelled(vectors).nearest(query[None], 3)
    assert steps[places[0]].tolist() == [0, 1, 2]


def test_equal_distances_stand_in_the_order_of_places():
    known = labelled([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0]])
    places, distances = known.nearest(np.array([[1, 0]], np.float32), 2)
    assert places.tolist() == [[0, 2]]
    assert distances.tolist() == [[0, 0]]


def test_what_is_left_out_is_not_found_and_padding_takes_its_place():
    known = labelled([[0.0], [1.0], [5.0]])
    places, distances = known.nearest(
        np.array([[0.0], [0.0]], np.float32), 3, [np.array([0]), np.array([1, 2])]
    )
    assert places.tolist() == [[1, 2, -1], [0, -1, -1]]
    assert distances.tolist() == [[1, 5, np.inf], [0, np.inf, np.inf]]
