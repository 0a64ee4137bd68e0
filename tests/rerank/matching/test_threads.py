import numpy as np  # noqa: F401  (its matrix library is the one that is counted)
from threadpoolctl import ThreadpoolController

from rerank.matching.threads import one_matrix_thread


def counts():
    libraries = ThreadpoolController().select(user_api="blas").info()
    return [library["num_threads"] for library in libraries]


def test_matrix_library_has_one_thread_inside_and_its_own_number_after():
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        before = counts()
        with one_matrix_thread():
            assert set(counts()) == {1}
        assert counts() == before
