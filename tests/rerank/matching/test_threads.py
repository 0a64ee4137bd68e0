import subprocess
import sys

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


def test_overlapping_blocks_hold_until_the_last_ends_and_leave_what_was():
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        first, second = one_matrix_thread(), one_matrix_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(counts()) == {1}
        second.__exit__(None, None, None)
        assert set(counts()) == {2}


LATER_IMPORT = """
import numpy
from threadpoolctl import ThreadpoolController
from rerank.matching.threads import one_matrix_thread

with one_matrix_thread():
    pass
num_before = len(ThreadpoolController().info())
import scipy.linalg
libraries = ThreadpoolController().select(user_api="blas")
assert len(libraries.info()) > num_before
with libraries.limit(limits=2), one_matrix_thread():
    print({library["num_threads"] for library in libraries.info()})
"""


def test_library_that_was_imported_after_the_first_block_is_limited_too():
    done = subprocess.run([sys.executable, "-c", LATER_IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{1}"
