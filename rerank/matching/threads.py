"""Keep the matrix library to one thread where there are others, or where its result must not depend on it."""

import functools
from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController


def one_matrix_thread() -> AbstractContextManager[object]:
    """Let matrix products use one thread inside the `with` block; on a busy machine they are faster so."""
    limits: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limits


@functools.cache
def _libraries() -> ThreadpoolController:
    # Looking for the libraries of this process takes longer than some queries do.
    return ThreadpoolController()
