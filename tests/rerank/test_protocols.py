import numpy as np

from extract.features import pack
from rerank.protocols import Queries


def test_one_query_by_itself(made_up):
    features = [made_up(3, 1), made_up(0, 2), made_up(5, 3)]
    sizes = np.array([[4, 3], [6, 5], [8, 7]], np.int32)
    queries = Queries(np.arange(6, dtype=np.float32).reshape(3, 2), sizes, {"sift": pack(features)})
    assert len(queries) == 3
    for place, expected in enumerate(features):
        single = queries.one(place)
        assert len(single) == 1
        assert single.vectors.tolist() == [[2 * place, 2 * place + 1]]
        assert single.sizes.tolist() == [[4 + 2 * place, 3 + 2 * place]]
        np.testing.assert_array_equal(single.features["sift"][0].points, expected.points)
        np.testing.assert_array_equal(single.features["sift"][0].descriptors, expected.descriptors)


def test_queries_need_no_local_features():
    queries = Queries(np.ones((2, 4), np.float32), np.ones((2, 2), np.int32), {})
    assert queries.one(1).features == {}
